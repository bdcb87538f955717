"""Which commands are warned about, in which words, and which are right."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator import foreground
from formation_operator.daemons import TABLE
from tests.cluster import paths

PAGE = (paths.ROOT / "docs" / "foreground.md").read_text()

# A command as one types it, and the beginning of what is said of it.
WARNED = {
    "nginx": "nginx goes into the background unless its configuration forbids it: add -g 'daemon off;'",
    "/usr/sbin/nginx -g 'pid /tmp/nginx.pid;'": "nginx goes into the background unless",
    "apache2": "apache2 goes into the background: add -D FOREGROUND",
    "httpd -d /srv -f /etc/httpd.conf": "httpd goes into the background: add -D FOREGROUND",
    "apachectl start": "apachectl goes into the background: run apachectl -D FOREGROUND instead",
    "apache2ctl -k start": "apache2ctl goes into the background",
    "gunicorn shop.wsgi --daemon": "gunicorn goes into the background: take -D (--daemon) out of its command",
    "gunicorn -D --bind ':$(PORT)' shop.wsgi": "gunicorn goes into the background",
    "gunicorn -p /run/shop.pid shop.wsgi": "gunicorn writes a PID file, which nobody needs here: leave -p",
    "gunicorn -p/run/shop.pid shop.wsgi": "gunicorn writes a PID file, which nobody needs here: leave -p",
    "gunicorn --pid=/run/shop.pid shop.wsgi": "gunicorn writes a PID file, which nobody needs here",
    "uwsgi --ini shop.ini --daemonize /var/log/shop": "uwsgi goes into the background",
    "uwsgi --ini shop.ini --safe-pidfile /run/x": "uwsgi writes a PID file",
    "celery -A shop worker -D": "celery goes into the background: run celery worker instead",
    "celery -A shop beat --detach": "celery goes into the background",
    "celery multi start 3 -A shop": "celery goes into the background",
    "celery -A shop beat --pidfile /run/x": "celery writes a PID file",
    "puma --daemon": "puma goes into the background",
    "puma --pidfile tmp/puma.pid": "puma writes a PID file",
    "unicorn -D -c unicorn.rb": "unicorn goes into the background",
    "thin start -d": "thin goes into the background",
    "sidekiq -d": "sidekiq goes into the background",
    "rails server -d": "rails goes into the background",
    "delayed_job start": "delayed_job goes into the background: run delayed_job run instead",
    "twistd web --path .": "twistd goes into the background: add -n (--nodaemon)",
    "twistd -n --pidfile /run/x web": "twistd writes a PID file",
    "/usr/sbin/sshd": "sshd goes into the background: add -D",
    "sshd -e -p 2222": "sshd goes into the background: add -D",
    "redis-server --daemonize yes": "redis-server goes into the background: take --daemonize yes out",
    "redis-server /redis.conf --daemonize YES": "redis-server goes into the background",
    "redis-server '--daemonize yes'": "redis-server goes into the background",
    "redis-server --pidfile /run/x": "redis-server writes a PID file",
    "mysqld --daemonize": "mysqld goes into the background",
    "haproxy -f h.cfg -D": "haproxy goes into the background",
    "memcached -d": "memcached goes into the background",
    "memcached -vvd -m 64": "memcached goes into the background",
    "memcached -P /run/x": "memcached writes a PID file",
    "php-fpm8.2 -D": "php-fpm goes into the background: add -F (--nodaemonize)",
    "supervisord -n -j /run/x": "supervisord writes a PID file",
    "cron": "cron goes into the background: add -f",
    "crond -l 8": "crond goes into the background",
    "rsyslogd": "rsyslogd goes into the background: add -n",
    "postfix start": "postfix goes into the background: run postfix start-fg instead",
    "mongod --fork --logpath /x": "mongod goes into the background",
    "pg_ctl -D /data start": "pg_ctl goes into the background: run postgres instead",
    "catalina.sh start": "catalina.sh goes into the background: run catalina.sh run instead",
    "pm2 start app.js": "pm2 goes into the background: run pm2-runtime instead",
    "forever start app.js": "forever goes into the background",
    "start-stop-daemon -S -b --exec /serve": "start-stop-daemon goes into the background",
    "start-stop-daemon -Smp /run/x --exec /serve": "start-stop-daemon writes a PID file",
    "service nginx start": "service goes into the background: run the server itself, in the foreground",
    "systemctl start nginx": "systemctl goes into the background",
    "nohup serve": "nohup is for what goes into the background: run the program itself, without it",
    "setsid serve": "setsid goes into the background",
    "daemonize /serve": "daemonize goes into the background",
    "screen -dmS web serve": "screen goes into the background",
    "screen -d -m serve": "screen goes into the background",
    "screen -S web -d -m serve": "screen goes into the background",
    "tmux new-session -d -s web serve": "tmux goes into the background",
    # Through what stands before the program.
    "env -i -u HOME A=1 gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "nice -n 5 gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "tini -g -e 143 -- gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "dumb-init gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "/usr/bin/python3.11 -u -X dev -m gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "/app/.venv/bin/gunicorn -D": "gunicorn goes into the background",
    "/opt/kafka/bin/kafka-server-start.sh -daemon x": "kafka-server-start.sh goes into the background",
    "bundle exec puma --daemon": "puma goes into the background",
    "poetry run celery -A shop worker --detach": "celery goes into the background",
    "gosu www-data apache2": "apache2 goes into the background",
    "timeout -k 5 10m memcached -d": "memcached goes into the background",
    "dumb-init -r 15:2 gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "python3 /usr/local/bin/gunicorn -D shop.wsgi": "gunicorn goes into the background",
    "bin/rails server -d": "rails goes into the background",
    "./bin/rails s -d": "rails goes into the background",
    "bundle exec bin/delayed_job start": "delayed_job goes into the background",
    "RAILS_ENV=production script/delayed_job -n 2 start": "delayed_job goes into the background",
    "node_modules/.bin/pm2 start app.js": "pm2 goes into the background",
    "npx pm2 start app.js": "pm2 goes into the background",
    "npx --yes -p forever forever start app.js": "forever goes into the background",
    "npm exec -- pm2 start app.js": "pm2 goes into the background",
    "./bin/catalina.sh start": "catalina.sh goes into the background",
    "bin/elasticsearch -d": "elasticsearch goes into the background",
    "sudo -E -u shop gunicorn -D": "gunicorn goes into the background",
    "setpriv --reuid 1000 --regid=1000 --clear-groups gunicorn -D": "gunicorn goes into the background",
    "runuser -u shop -- gunicorn -D": "gunicorn goes into the background",
    "flock -n /run/lock gunicorn -D": "gunicorn goes into the background",
    # Through a shell.
    "sh -c 'gunicorn -D --bind :$(PORT) shop.wsgi'": "gunicorn goes into the background",
    "sh -c 'serve & exit 0'": "the shell starts its last command in the background and ends",
    "bash --login -c 'serve &'": "the shell starts its last command in the background and ends",
    "bash -c -- 'serve &'": "the shell starts its last command in the background and ends",
    "sh -c 'serve &'": "the shell starts its last command in the background and ends: take the & at its end",
    "bash -euo pipefail -c 'migrate && exec gunicorn -D &> log'": "gunicorn goes into the background",
    "tini -- bash -lc 'PORT=80 python -m celery multi start 3'": "celery goes into the background",
    """sh -c "sh -c 'serve &'" """: "the shell starts its last command in the background and ends",
}
RIGHT = [
    "service start",
    "service --status-all",
    "cron start",
    "bin/cron",
    "./bin/serve -d",
    "bin/service nginx start",
    "script/nginx",
    "python cron",
    "python3 /app/cron",
    "python3 service start",
    "python3 /opt/shop/bin/service start",
    "python3 -u /usr/local/bin/gunicorn shop.wsgi",
    "npx serve -D",
    "npx -c 'pm2 start app.js'",
    "npx pm2-runtime start app.js",
    "yarn cron",
    "runuser nginx -c serve",
    "sudo -u nginx serve",
    "flock /run/lock -c 'serve'",
    "screen -D -m serve -d",
    "screen -d web",
    "screen -S dm serve",
    "sh -c 'trap wait EXIT; serve &'",
    "redis-server '--daemonize no'",
    "serve",
    "serve -d -D --daemon start",
    "java -Dx=y -jar shop.jar",
    "python -d serve.py",
    "python -m http.server",
    "python -m serve -D",
    "node -p 1",
    "grep -D skip x",
    "nginx -g 'daemon off;'",
    "nginx -g 'pid /tmp/x; daemon  off;'",
    "nginx '-gdaemon off;'",
    "nginx -c /etc/shop.conf",
    "nginx -g '$(NGINX)'",
    "nginx -t",
    "nginx.sh",
    "apache2 -D FOREGROUND",
    "apache2 -DFOREGROUND -k start",
    "apachectl -D FOREGROUND",
    "apache2ctl -k start -DFOREGROUND",
    "httpd -f -p 8080 -h /www",
    "busybox httpd -fv -p 8080",
    "httpd-foreground",
    "gunicorn shop.wsgi -b :80",
    "gunicorn '$(OPTIONS)' shop.wsgi",
    "gunicorn --pid= shop.wsgi",
    "gunicorn --pid /dev/null shop.wsgi",
    "gunicorn --pid '$(PID_FILE)' shop.wsgi",
    "gunicorn -n daemon shop.wsgi",
    "gunicorn shop.wsgi -- -D",
    "uwsgi --ini shop.ini --die-on-term",
    "celery -A shop beat --pidfile=",
    "celery -A shop beat --pidfile ''",
    "celery -A multi worker -Q multi -n multi --queues multi",
    "puma -C config/puma.rb",
    "rails runner job.rb -d",
    "twistd -noy shop.tac",
    "sshd -D",
    "sshd -4De -o X=y",
    "sshd -t",
    "redis-server --daemonize no",
    "redis-server /redis.conf",
    "redis-server --requirepass yes",
    "mysqld --daemonize=OFF",
    "haproxy -W -db -f h.cfg",
    "haproxy -db -D -f h.cfg",
    "memcached -D: -m 64",
    "memcached -o daemon",
    "php-fpm",
    "php-fpm8.2 -F -R",
    "supervisord -c s.conf",
    "cron -f -L 15",
    "crond -fS -l 8",
    "rsyslogd -niNONE",
    "postfix start-fg",
    "pm2-runtime start app.js",
    "pm2 start --no-daemon app.js",
    "forever app.js",
    "start-stop-daemon -S -p /run/x --exec /serve -- -b",
    "setsid --wait serve",
    "screen -D -m serve",
    "/etc/init.d/nginx start",
    "/app/cron",
    "./service start",
    "bin/named",
    "/app/bin/cron",
    "envoy gunicorn -D",
    "/app/python-shop gunicorn -D",
    "niced memcached -d",
    "A gunicorn -D",
    "'$(SERVER)' -D",
    "env '$(X)' gunicorn -D",
    "sh -c 'helper & exec serve'",
    "sh -c 'serve & wait'",
    "sh -c 'serve > log 2>&1'",
    "sh -c 'serve &> log'",
    "sh -c 'a && b'",
    "sh -c 'cron && exec apache2 -D FOREGROUND'",
    "sh -c 'nginx -g \"daemon off;\"'",
    "sh -c 'nginx -g \"$OPTIONS\"'",
    "sh -c 'exec \"$@\"' sh gunicorn -D",
    "sh /serve.sh &",
    "sh -c '$(SCRIPT) &'",
    "",
]
WAYS_OUT = {
    "php-fpm": "php-fpm: add -F (--nodaemonize) to its command, or daemonize = no to its configuration",
    "supervisord -c s.conf": "supervisord: add -n (--nodaemon) to its command, or nodaemon=true",
    "nginx -c x": "nginx: add -g 'daemon off;' to its command",
    "sh -c 'exec php-fpm'": "php-fpm: add -F (--nodaemonize) to its command",
    "sh -c 'serve &'": "the shell: take the & at its end away",
    "gunicorn -c g.py": "gunicorn: take -D (--daemon) out of its command, and daemon out",
}


@pytest.mark.parametrize(("command", "said"), WARNED.items(), ids=WARNED)
def test_a_command_that_leaves_the_foreground_is_warned_about(command: str, said: str) -> None:
    assert (foreground.finding(shlex.split(command)) or "").startswith(said)


@pytest.mark.parametrize("command", RIGHT)
def test_nothing_is_said_of_a_command_that_is_right_or_not_plain(command: str) -> None:
    assert foreground.finding(shlex.split(command)) is None


@pytest.mark.parametrize(("command", "said"), WAYS_OUT.items(), ids=WAYS_OUT)
def test_a_process_that_has_left_is_told_the_way_out_if_its_program_is_known(command: str, said: str) -> None:
    assert (foreground.way_out(shlex.split(command)) or "").startswith(said)


NO_WAY_OUT = [
    "serve",
    "",
    "sh -c 'while true; do serve; done'",
    "apache2 -D FOREGROUND",
    "nginx -g 'daemon off;'",
    "nginx -c x -g 'daemon off;'",
    "php-fpm -F",
    "sshd -D",
    "supervisord -n",
    "dnsmasq -k",
    "celery -A shop worker",
    "celery -A shop beat",
    "memcached -u nobody",
    "rails server",
]


@pytest.mark.parametrize("command", NO_WAY_OUT)
def test_no_way_out_is_made_up(command: str) -> None:
    assert foreground.way_out(shlex.split(command)) is None


def test_each_type_is_named_in_order() -> None:
    commands = {"web": ["cron"], "worker": ["serve"], "clock": ["rsyslogd"]}
    assert [text.split(":")[0] for text in foreground.warnings(commands)] == ["clock", "web"]


@pytest.mark.parametrize("name", TABLE)
def test_the_page_has_each_program_and_its_way_out(name: str) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith("| `") and f"`{name}`" in line)
    assert row.lower().endswith(f"| {TABLE[name].way_out.lower()} |")


WORDS = st.one_of(
    st.sampled_from(
        [*TABLE, "sh", "-c", "env", "nice", "-n", "-D", "-d", "--", "start", "--pid", "python", "-m"]
    ),
    st.text(max_size=8),
)


@given(st.lists(WORDS, max_size=8))
def test_any_command_is_read(command: list[str]) -> None:
    said = foreground.finding(command)
    assert said is None or "PID file" in said or foreground.way_out(command)


@given(st.lists(st.text(max_size=8), max_size=6))
def test_nothing_is_said_of_a_program_that_is_not_known(words: list[str]) -> None:
    assert foreground.finding(["/app/serve", *words]) is None


@pytest.mark.parametrize("program", ["timeout", "flock"])
def test_a_command_of_many_options_can_be_read_in_one_way_only(program: str) -> None:
    assert foreground.finding([program, *["-k", "-w"] * 200]) is None
    assert foreground.finding([program, *["-v"] * 200, "5", "nginx"]) is not None
