r"""The programs that are known to put themselves into the background, or to write a PID file.

Pure data, in regular expressions that mean the same to Python and to RE2: the operator reads a command
with them, and ``manifests/policies`` does the same in CEL.  A command is one text there, in which each word
ends with a line feed.  An option and its value are read as one, whether they are one word or
two: ``-D\nFOREGROUND`` is ``-D FOREGROUND``.

A wrong warning about a right command is worse than a missed one.  So a program is in this table only if
its manual says how it gets into the background, and what only its configuration tells isn't guessed.
"""

import dataclasses

ANYTHING = r"(?s:.*)"
UNKNOWN = r"(?s:.*\$\(.*)"
"""A word with a variable: nobody knows before the process starts what it will be."""
NO_FILE = rf"[^\n]*[\n=](/dev/null)?|{UNKNOWN}"
"""An option for a PID file that turns it off, or may."""


@dataclasses.dataclass(frozen=True)
class Daemon:
    """How a program gets into the background, and how it stays out of it.

    Every pattern is about one whole option with its value, or about one other word.
    """

    way_out: str
    """What to do instead, for people."""
    background: str = ""
    """What sends it into the background; without one, only its configuration tells."""
    foreground: str = ""
    """What keeps it in the foreground whatever else is said, or makes it do something short instead."""
    perhaps: str = ""
    """What may keep it there: nobody but its configuration, or its environment, tells."""
    only: str = ""
    """What must be said as well, such as a subcommand."""
    pid_file: str = ""
    """What makes it write a PID file."""
    values: str = ""
    """The options whose value may be the next word."""
    does: str = "goes into the background"

    @property
    def stays(self) -> str:
        """The pattern of what forbids to say that it leaves the foreground."""
        return "|".join(filter(None, (self.foreground, self.perhaps)))

    @property
    def words(self) -> str:
        """The pattern that reads the words of a command one after the other, each with its line feed.

        A value never looks like an option here, so that a mistake hides no option that counts.
        """
        word = r"[^\n]*\n"
        return rf"({self.values})\n[^-\n][^\n]*\n|{word}" if self.values else word


def _by_default(way_out: str, foreground: str, perhaps: str = "", **more: str) -> Daemon:
    """Return a program that needs no option; a word that isn't known may be the one that forbids it."""
    return Daemon(way_out, ANYTHING, foreground, f"{perhaps}|{UNKNOWN}" if perhaps else UNKNOWN, **more)


def _add(flag: str, setting: str = "") -> str:
    return f"add {flag} to its command" + (f", or {setting} to its configuration" if setting else "")


def _drop(flags: str, setting: str = "") -> str:
    return f"take {flags} out of its command" + (
        f", and {setting} out of its configuration" if setting else ""
    )


def _run(instead: str) -> str:
    return f"run {instead} instead"


_SERVER = "run the server itself, in the foreground"
_PROGRAM = "run the program itself, without it"

_PYTHON = {
    "gunicorn": Daemon(
        _drop("-D (--daemon)", "daemon"), "-D|--daemon", pid_file=r"(-p\n?|--pid[\n=]).+", values="-p|--pid"
    ),
    "uwsgi": Daemon(
        _drop("-d (--daemonize)", "daemonize"),
        r"-d\n.+|--daemonize2?[\n=].+",
        pid_file=r"--(safe-)?pidfile2?[\n=].+",
        values=r"-d|--daemonize2?|--(safe-)?pidfile2?",
    ),
    # Any long option may have a value, so that `--queues multi` isn't taken for the subcommand.
    "celery": Daemon(
        f"{_run('celery worker')}, without -D and --detach",
        r"multi|-D|--detach(\n.*)?",
        pid_file=r"--pidfile[\n=].+",
        values="-[AbCcflnPQsSX]|--[a-z-]+",
    ),
    "twistd": _by_default(
        _add("-n (--nodaemon)"),
        "-[a-zA-Z]*[nb].*|--(nodaemon|debug|version|help)",
        pid_file=r"--pidfile[\n=].+",
        values="--pidfile",
    ),
    "airflow": Daemon(
        _drop("-D (--daemon)"),
        "-D|--daemon",
        only="webserver|api-server|scheduler|triggerer|dag-processor|celery|kerberos",
    ),
    "supervisord": Daemon(
        _add("-n (--nodaemon)", "nodaemon=true"),
        foreground="-[a-z]*n[a-z]*|--nodaemon",
        pid_file=r"(-j\n?|--pidfile[\n=]).+",
        values="-j|--pidfile",
    ),
}

_RUBY = {
    "puma": Daemon(
        _drop("-d (--daemon)", "daemonize"),
        "-d|--daemon",
        pid_file=r"--pidfile[\n=].+",
        values="--pidfile",
    ),
    "unicorn unicorn_rails rainbows": Daemon(_drop("-D (--daemonize)"), "-D|--daemonize"),
    "thin": Daemon(
        _drop("-d (--daemonize)"),
        "-d|--daemonize",
        only="start|restart",
    ),
    "sidekiq": Daemon(
        _drop("-d (--daemon)"), "-d|--daemon", pid_file=r"(-P\n?|--pidfile[\n=]).+", values="-P|--pidfile"
    ),
    "rails": Daemon(
        _drop("-d (--daemon)"),
        "-d|--daemon",
        only="s|server",
        pid_file=r"(-P\n?|--pid[\n=]).+",
        values="-[bcepuP]|--(pid|port|binding|environment|using)",
    ),
    "rackup": Daemon(
        _drop("-D (--daemonize)"), "-D|--daemonize", pid_file=r"(-P\n?|--pid[\n=]).+", values="-P|--pid"
    ),
    "delayed_job": Daemon(_run("delayed_job run"), "start|restart", values="--[a-z-]+|-[a-z]"),
    "fluentd td-agent": Daemon(_drop("-d (--daemon)"), r"-d\n.+|--daemon[\n=].+", values="-d|--daemon"),
}

_WEB = {
    # The web server of busybox has one of these names, and other options.
    "apache2 apache httpd": _by_default(
        _add("-D FOREGROUND"),
        r"-D\n?(FOREGROUND|NO_DETACH|ONE_PROCESS|DEBUG)|-[XtSMLlVh]|-k\n?(graceful-)?stop|-D\n?DUMP_.*|-[fiv]+|-p.*",
        values="-[CcDdEefk]",
    ),
    "apachectl apache2ctl": Daemon(
        _run("apachectl -D FOREGROUND"),
        r"start|restart|graceful|-k\n(start|restart|graceful)",
        r"-D\n?(FOREGROUND|NO_DETACH|ONE_PROCESS)",
        values="-[Dk]",
    ),
    "nginx nginx-debug openresty": _by_default(
        _add("-g 'daemon off;'"),
        r"-g\n?(.*[ ;])?daemon +off.*|-[tTqvVh?]+|-s(\n?.+)?",
        perhaps=r"-[cp](\n?.+)?",  # another configuration may say it as well
        values="-[cegps]",
        does="goes into the background unless its configuration forbids it",
    ),
    "lighttpd": _by_default(_add("-D"), "-[DtpvVhi1].*", values="-[fim]"),
    "php-fpm": Daemon(
        _add("-F (--nodaemonize)", "daemonize = no"),
        "-D|--daemonize",
        "-[a-zA-Z]*F|--nodaemonize|-[tivmh]+",
        pid_file=r"(-g\n?|--pid[\n=]).+",
        values="-[cdgpyz]|--pid",
    ),
    "catalina.sh": Daemon(_run("catalina.sh run"), "start"),
    "varnishd": _by_default(_add("-F"), "-[FdCVxh?].*", pid_file=r"-P\n?.+", values="-P"),
    "haproxy": Daemon(
        f"{_drop('-D', 'daemon')}: -db keeps it in the foreground",
        "-D",
        "-db|-d|-c|-vv?",
    ),
    "squid": _by_default(
        _add("-N (--foreground)"), "-[a-zA-Z]*[NzkvhX].*|--(foreground|help|version)", values="-[afkdu]"
    ),
}

_DATA = {
    "redis-server redis-sentinel valkey-server keydb-server": Daemon(
        _drop("--daemonize yes", "daemonize yes"),
        r"--daemonize[\n ](?i:yes)",
        pid_file=r"--pidfile\n.+",
        values="--[a-z-]+",
    ),
    "memcached": Daemon(
        _drop("-d (--daemon)"),
        "-[ACFLMSXkrv]*d.*|--daemon",
        pid_file=r"(-P\n?|--pidfile[\n=]).+",
        values="-P|--pidfile",
    ),
    "mysqld": Daemon(_drop("--daemonize"), "--daemonize(=(?i:1|on|true))?"),
    "pg_ctl": Daemon(_run("postgres"), "start|restart", values="-[DlopmtU]"),
    "pgbouncer": Daemon(_drop("-d (--daemon)"), "-[qRv]*d.*|--daemon"),
    "mongod mongos": Daemon(
        _drop("--fork", "fork"), "--fork", pid_file=r"--pidfilepath[\n=].+", values="--pidfilepath"
    ),
    "elasticsearch opensearch": Daemon(
        _drop("-d (--daemonize)"),
        "-d|--daemonize",
        pid_file=r"(-p\n?|--pidfile[\n=]).+",
        values="-p|--pidfile",
    ),
    "rabbitmq-server": Daemon(_drop("-detached"), "-detached"),
    "kafka-server-start kafka-server-start.sh zookeeper-server-start.sh": Daemon(_drop("-daemon"), "-daemon"),
    "zkServer.sh": Daemon(_run("zkServer.sh start-foreground"), "start|restart"),
}

_SYSTEM = {
    "sshd": _by_default(_add("-D"), "-[46eqr]*[DditTGV].*"),
    # With a verb it is a program of the app's own.
    "cron": _by_default(_add("-f"), "-[a-zA-Z]*[fnxVh].*|start|run"),
    "crond": _by_default(_add("-f (cronie: -n)"), "-[a-zA-Z]*[fndxVh].*|start|run"),
    "rsyslogd": _by_default(_add("-n"), "-[a-zA-Z]*[nNvdDh].*"),
    "syslogd klogd": _by_default(_add("-n"), "-[a-zA-Z]*[nFdVvh].*|--(no-detach|foreground|version|help)"),
    "syslog-ng": _by_default(
        _add("-F (--foreground)"),
        "-[a-zA-Z]*[FsVhi].*|--(foreground|syntax-only|version|help|interactive.*|preprocess.*)",
    ),
    "named": _by_default(_add("-f"), "-[46]*[fgvVhM].*"),
    "slapd": _by_default(_add("-d 0"), "-[dVT].*"),
    "postfix": Daemon(_run("postfix start-fg"), "start", values="-c"),
    "exim exim4": Daemon(_run("exim -bdf"), "-bd", "-bdf"),
    "dnsmasq": Daemon(
        _add("-k (--keep-in-foreground)", "keep-in-foreground"), foreground="-k|--keep-in-foreground"
    ),
}

_HELPERS = {
    "nohup": Daemon(_PROGRAM, ANYTHING, "--(version|help)", does="is for what goes into the background"),
    # The first process of a container leads a group, and for such a one setsid forks and ends.
    "setsid": _by_default(_PROGRAM, "-[cf]*w|--(wait|version|help)|-[Vh]"),
    "daemonize": _by_default(_PROGRAM, "-[Vh].*"),
    "start-stop-daemon": Daemon(
        _SERVER,
        "-[SKNoqtmv]*b.*|--background",
        pid_file="-[SKNbotqv]*m.*|--make-pidfile",
    ),
    # Read as one with the name behind it, so that a verb has to follow.
    "service rc-service": Daemon(_SERVER, "start|restart", values=r"([^\n]*/)?(rc-)?service"),
    "systemctl initctl": Daemon(_SERVER, "start|restart"),
    "pm2": Daemon(
        f"{_run('pm2-runtime')}, or add --no-daemon",
        "start|restart|reload|startOr[A-Za-z]+|resurrect",
        "--no-daemon|--attach",
    ),
    "forever": Daemon("take start out of its command", "start|restart", values="-[aelop]|--[A-Za-z]+"),
    "screen": Daemon(
        _PROGRAM,
        r"-[A-Za-z]*d[A-Za-z]*(\n.+)?",
        r"-[A-Za-z]*D[A-Za-z]*(\n.+)?",
        only=r"-[A-Za-z]*m[A-Za-z]*(\n.+)?",
        values="-[A-Za-z]*[cehpsStT]",
    ),
    "tmux": Daemon(_PROGRAM, "-[ADEPX]*d.*", only="new|new-session", values="-[cefFLnsStxy]"),
}

TABLE = {
    name: daemon
    for group in (_PYTHON, _RUBY, _WEB, _DATA, _SYSTEM, _HELPERS)
    for names, daemon in group.items()
    for name in names.split()
}
