"""The programs that are known to put themselves into the background, and what keeps them out of it.

A wrong warning about a right command is worse than a missed one.  So a program is in this table only if
its manual says how it gets into the background.  What only its configuration decides isn't guessed.

The patterns mean the same to Python and to RE2: `check` reads a command with them, and so does the policy in
`manifests/policies`.  A command is one text, in which a line feed stands before and after each word.
"""

import re
from typing import NamedTuple

ALWAYS, NEVER = ".*", "^"
BEHIND = "goes into the background"


class Program(NamedTuple):
    """How a program gets into the background, and how it stays out of it."""

    fix: str
    """What to do instead, for people."""
    says: str
    """What it does that it shouldn't, and what to do instead."""
    leaves: re.Pattern[str]
    """The words that send it into the background."""
    stays: re.Pattern[str]
    """The beginning of a word that keeps it in the foreground, may do so, or asks for something short."""


def _run(fix: str, leaves: str, stays: str = NEVER, does: str = BEHIND) -> Program:
    return Program(fix, f"{does}: {fix}", re.compile(rf"\n({leaves})\n"), re.compile(rf"\n({stays})"))


def _drop(flag: str, leaves: str, setting: str = "", stays: str = NEVER) -> Program:
    """Return a program that an option sends into the background, or a setting."""
    also = setting and f", and {setting} out of its configuration"
    return _run(f"take {flag} out of its command{also}", leaves, stays)


def _add(flag: str, stays: str, setting: str = "", leaves: str = ALWAYS) -> Program:
    """Return a program that needs an option, which a variable may be, or a setting."""
    also = setting and f", or {setting} to its configuration"
    does = f"{BEHIND} unless its configuration forbids it" if setting and leaves == ALWAYS else BEHIND
    return _run(f"add {flag} to its command{also}", leaves, f"{stays}|.*[$]", does)


_FLAGS = "-[A-Za-z0-9]*"
"""Options of one letter that stand in one word."""
_APACHE = r"-D\n?(FOREGROUND|NO_DETACH|ONE_PROCESS|DEBUG|DUMP)|-[XtSMLlVhv]|-k\n?(graceful-)?stop"
_SERVER = "run the server itself, in the foreground"
_ROWS = {
    # Servers and workers of apps
    "gunicorn": _drop("-D (--daemon)", "-D|--daemon", "daemon"),
    "uwsgi": _drop("-d (--daemonize)", "-d|--daemonize2?(=.*)?", "daemonize"),
    "celery": _run("run celery worker instead, without -D and --detach", "-D|--detach|multi\n(re)?start"),
    "twistd": _add("-n (--nodaemon)", f"{_FLAGS}[nb]|--(nodaemon|debug|version|help)"),
    "supervisord": _add("-n (--nodaemon)", f"{_FLAGS}n|--nodaemon", "nodaemon=true", NEVER),
    "airflow unicorn unicorn_rails rainbows rackup": _drop("-D (--daemon, --daemonize)", "-D|--daemon(ize)?"),
    "puma sidekiq": _drop("-d (--daemon)", "-d|--daemon", "daemonize"),
    "rails bin/rails thin": _drop("-d", "(start|s|server)\n(.*\n){0,4}(-d|--daemon(ize)?)"),
    "delayed_job bin/delayed_job script/delayed_job": _run("run delayed_job run instead", "(re)?start"),
    "catalina.sh bin/catalina.sh": _run("run catalina.sh run instead", "start"),
    "pm2": _run("run pm2-runtime instead", "(re)?(start|load)|startOr.*|resurrect", "--no-daemon|--attach"),
    "forever": _drop("start", "forever\n(re)?start"),
    # Web servers; busybox has an httpd, too, with other options, and nginx may have another configuration
    "apache2 apache": _add("-D FOREGROUND", _APACHE),
    "httpd": _add("-D FOREGROUND", f"{_APACHE}|-[fip]"),
    "apachectl apache2ctl": _run("run apachectl -D FOREGROUND instead", "(re)?start|graceful", _APACHE),
    "nginx openresty": _add("-g 'daemon off;'", r"-g\n?.*daemon[ \t]+off|-[tTqvVh?cps]", "daemon off"),
    "lighttpd": _add("-D", "-[DtpvVhi1]"),
    "php-fpm": _add("-F (--nodaemonize)", f"{_FLAGS}[Ftivmh]|--no", "daemonize = no", "-D|--daemonize"),
    "varnishd": _add("-F", "-[FdCVxh?]"),
    "haproxy": _drop("-D", "-D", "daemon", "-(db|d|c|vv?)\n"),
    # Databases and caches
    "redis-server valkey-server": _drop("--daemonize yes", "--daemonize[\n ](yes|YES)", "daemonize yes"),
    "memcached pgbouncer elasticsearch bin/elasticsearch": _drop("-d", "-[qvR]*d|--daemon(ize)?"),
    "mysqld": _drop("--daemonize", "--daemonize(=(1|on|ON|true|TRUE))?"),
    "mongod mongos": _drop("--fork", "--fork", "fork"),
    # Programs of the system; with a verb, cron is a program of the app's own
    "sshd": _add("-D", f"{_FLAGS}[DditTGV]"),
    "cron crond": _add("-f (crond of cronie: -n)", f"{_FLAGS}[fndxVh]|start|run"),
    "rsyslogd syslogd": _add("-n", f"{_FLAGS}[nNFdDvVh]|--[a-z]"),
    "syslog-ng": _add("-F (--foreground)", f"{_FLAGS}[FsVhi]|--[a-z]"),
    "postfix": _run("run postfix start-fg instead", "start"),
    # What starts other programs; of a group's first process, as of a container's, setsid forks and ends
    "setsid": _run("run the program without it", ALWAYS, "-[cf]*w|--(wait|version|help)|-[Vh]|.*[$]"),
    "start-stop-daemon": _run(_SERVER, "-[SKNoqtmv]*b[A-Za-z]*|--background"),
    "service rc-service": _run(_SERVER, "(rc-)?service\n[^-\n].*\n(re)?start"),
    "systemctl": _run(_SERVER, "(re)?start"),
}
TABLE = {name: program for names, program in _ROWS.items() for name in names.split()}
"""By the name of a program."""
LAST_OF_A_SHELL = _run("remove the & behind it, or let the shell wait for it", ALWAYS)
UNKNOWN = _run("", NEVER)
