"""The programs that are known to put themselves into the background, or to write a PID file.

A wrong warning about a right command is worse than a missed one.  So a program is in this table only if
its manual says how it gets into the background. What only its configuration decides isn't guessed.
"""

from formation_operator.foreground.daemon import ANYTHING, Daemon, add, among, by_default, drop, pid_file, run

_SERVER = "run the server itself, in the foreground"
_PROGRAM = "run the program itself, without it"

_ROWS = {
    # Python
    "gunicorn": Daemon(drop("-D (--daemon)", "daemon"), "-D|--daemon", **pid_file("-p|--pid")),
    "uwsgi": Daemon(
        drop("-d (--daemonize)", "daemonize"),
        r"-d\n.+|--daemonize2?[\n=].+",
        pid_file=r"--(safe-)?pidfile2?[\n=].+",
        values=r"-d|--daemonize2?|--(safe-)?pidfile2?",
    ),
    # Any long option may have a value, so that `--queues multi` isn't taken for the subcommand.
    "celery": Daemon(
        f"{run('celery worker')}, without -D and --detach",
        r"multi|-D|--detach(\n.*)?",
        pid_file=r"--pidfile[\n=].+",
        values="-[AbCcflnPQsSX]|--[a-z-]+",
    ),
    "twistd": by_default(
        add("-n (--nodaemon)"), f"{among('nb')}.*|--(nodaemon|debug|version|help)", **pid_file("--pidfile")
    ),
    "airflow": Daemon(
        drop("-D (--daemon)"),
        "-D|--daemon",
        only="webserver|api-server|scheduler|triggerer|dag-processor|celery|kerberos",
    ),
    "supervisord": Daemon(
        add("-n (--nodaemon)", "nodaemon=true"),
        foreground="-[a-mo-z]*n[a-z]*|--nodaemon",
        **pid_file("-j|--pidfile"),
    ),
    # Ruby
    "puma": Daemon(drop("-d (--daemon)", "daemonize"), "-d|--daemon", **pid_file("--pidfile")),
    "unicorn unicorn_rails rainbows": Daemon(drop("-D (--daemonize)"), "-D|--daemonize"),
    "thin": Daemon(drop("-d (--daemonize)"), "-d|--daemonize", only="start|restart"),
    "sidekiq": Daemon(drop("-d (--daemon)"), "-d|--daemon", **pid_file("-P|--pidfile")),
    "rails": Daemon(
        drop("-d (--daemon)"),
        "-d|--daemon",
        only="s|server",
        pid_file=r"(-P\n?|--pid[\n=]).+",
        values="-[bcepuP]|--(pid|port|binding|environment|using)",
    ),
    "rackup": Daemon(drop("-D (--daemonize)"), "-D|--daemonize", **pid_file("-P|--pid")),
    "delayed_job": Daemon(run("delayed_job run"), "start|restart", values="--[a-z-]+|-[a-z]"),
    "fluentd td-agent": Daemon(drop("-d (--daemon)"), r"-d\n.+|--daemon[\n=].+", values="-d|--daemon"),
    # Web servers
    # The web server of busybox has one of these names, and other options.
    "apache2 apache httpd": by_default(
        add("-D FOREGROUND"),
        r"-D\n?(FOREGROUND|NO_DETACH|ONE_PROCESS|DEBUG)|-[XtSMLlVh]|-k\n?(graceful-)?stop|-D\n?DUMP_.*|-[fiv]+|-p.*",
        values="-[CcDdEefk]",
    ),
    "apachectl apache2ctl": Daemon(
        run("apachectl -D FOREGROUND"),
        r"start|restart|graceful|-k\n(start|restart|graceful)",
        r"-D\n?(FOREGROUND|NO_DETACH|ONE_PROCESS)",
        values="-[Dk]",
    ),
    "nginx nginx-debug openresty": by_default(
        add("-g 'daemon off;'"),
        rf"-g\n?({ANYTHING}[ ;])?daemon +off{ANYTHING}|-[tTqvVh?]+|-s(\n?.+)?",
        perhaps=r"-[cp](\n?.+)?",  # another configuration may say it as well
        values="-[cegps]",
        does="goes into the background unless its configuration forbids it",
    ),
    "lighttpd": by_default(add("-D"), "-[DtpvVhi1].*", values="-[fim]"),
    "php-fpm": Daemon(
        add("-F (--nodaemonize)", "daemonize = no"),
        "-D|--daemonize",
        "-[a-zA-Z]*F|--nodaemonize|-[tivmh]+",
        pid_file=r"(-g\n?|--pid[\n=]).+",
        values="-[cdgpyz]|--pid",
    ),
    "catalina.sh": Daemon(run("catalina.sh run"), "start"),
    "varnishd": by_default(add("-F"), "-[FdCVxh?].*", **pid_file("-P")),
    "haproxy": Daemon(f"{drop('-D', 'daemon')}: -db keeps it in the foreground", "-D", "-db|-d|-c|-vv?"),
    "squid": by_default(
        add("-N (--foreground)"), f"{among('NzkvhX')}.*|--(foreground|help|version)", values="-[afkdu]"
    ),
    # Databases, caches and queues
    "redis-server redis-sentinel valkey-server keydb-server": Daemon(
        drop("--daemonize yes", "daemonize yes"),
        r"--daemonize[\n ](?i:yes)",
        pid_file=r"--pidfile\n.+",
        values="--[a-z-]+",
    ),
    "memcached": Daemon(drop("-d (--daemon)"), "-[ACFLMSXkrv]*d.*|--daemon", **pid_file("-P|--pidfile")),
    "mysqld": Daemon(drop("--daemonize"), "--daemonize(=(?i:1|on|true))?"),
    "pg_ctl": Daemon(run("postgres"), "start|restart", values="-[DlopmtU]"),
    "pgbouncer": Daemon(drop("-d (--daemon)"), "-[qRv]*d.*|--daemon"),
    "mongod mongos": Daemon(drop("--fork", "fork"), "--fork", **pid_file("--pidfilepath")),
    "elasticsearch opensearch": Daemon(
        drop("-d (--daemonize)"), "-d|--daemonize", **pid_file("-p|--pidfile")
    ),
    "rabbitmq-server": Daemon(drop("-detached"), "-detached"),
    "kafka-server-start kafka-server-start.sh zookeeper-server-start.sh": Daemon(drop("-daemon"), "-daemon"),
    "zkServer.sh": Daemon(run("zkServer.sh start-foreground"), "start|restart"),
    # Programs of the system
    "sshd": by_default(add("-D"), "-[46eqr]*[DditTGV].*"),
    # With a verb it is a program of the app's own.
    "cron": by_default(add("-f"), f"{among('fnxVh')}.*|start|run"),
    "crond": by_default(add("-f (cronie: -n)"), f"{among('fndxVh')}.*|start|run"),
    "rsyslogd": by_default(add("-n"), f"{among('nNvdDh')}.*"),
    "syslogd klogd": by_default(add("-n"), f"{among('nFdVvh')}.*|--(no-detach|foreground|version|help)"),
    "syslog-ng": by_default(
        add("-F (--foreground)"),
        f"{among('FsVhi')}.*|--(foreground|syntax-only|version|help|interactive.*|preprocess.*)",
    ),
    "named": by_default(add("-f"), "-[46]*[fgvVhM].*"),
    "slapd": by_default(add("-d 0"), "-[dVT].*"),
    "postfix": Daemon(run("postfix start-fg"), "start", values="-c"),
    "exim exim4": Daemon(run("exim -bdf"), "-bd", "-bdf"),
    "dnsmasq": Daemon(
        add("-k (--keep-in-foreground)", "keep-in-foreground"), foreground="-k|--keep-in-foreground"
    ),
    # What starts other programs
    "nohup": Daemon(
        _PROGRAM, ANYTHING, "--(version|help)", does="is for programs that go into the background"
    ),
    # The first process of a container leads a group, and for such a one setsid forks and ends.
    "setsid": by_default(_PROGRAM, "-[cf]*w|--(wait|version|help)|-[Vh]"),
    "daemonize": by_default(_PROGRAM, "-[Vh].*"),
    "start-stop-daemon": Daemon(
        _SERVER, "-[SKNoqtmv]*b.*|--background", pid_file="-[SKNbotqv]*m.*|--make-pidfile"
    ),
    # Read as one with the name behind it, so that a verb has to follow.
    "service rc-service": Daemon(_SERVER, "start|restart", values=r"([^\n]*/)?(rc-)?service"),
    "systemctl initctl": Daemon(_SERVER, "start|restart"),
    "pm2": Daemon(
        f"{run('pm2-runtime')}, or add --no-daemon",
        "start|restart|reload|startOr[A-Za-z]+|resurrect",
        "--no-daemon|--attach",
    ),
    "forever": Daemon("take start out of its command", "start|restart", values="-[aelop]|--[A-Za-z]+"),
    "screen": Daemon(
        _PROGRAM,
        rf"{among('d')}[A-Za-z]*(\n.+)?",
        rf"{among('D')}[A-Za-z]*(\n.+)?",
        only=rf"{among('m')}[A-Za-z]*(\n.+)?",
        values="-[A-Za-z]*[cehpsStT]",
    ),
    "tmux": Daemon(_PROGRAM, "-[ADEPX]*d.*", only="new|new-session", values="-[cefFLnsStxy]"),
}

TABLE = {name: daemon for names, daemon in _ROWS.items() for name in names.split()}
"""By the name of a program."""
