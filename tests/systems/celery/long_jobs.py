"""Long jobs of a worker on Celery with Redis, which says what happened to each; and what feeds them.

What is recorded here doesn't depend on what a recipe marks: the job's own file says whether a worker has one.
"""

import json
import os
import pathlib
import random
import sys
import time

import celery
import redis
from celery import signals

GRACE = int(os.environ["GRACE"])
POD = os.environ.get("HOSTNAME", "")
LOST = 60
"""So many seconds late a job counts as lost with its worker."""
IN_HAND = pathlib.Path("/tmp/in-hand")
store = redis.Redis(os.environ["STORE"])

app = celery.Celery(broker=f"redis://{os.environ['STORE']}/0")
app.conf.worker_prefetch_multiplier = 1
app.conf.task_acks_late = True  # otherwise a busy worker fetches one job more, which an idle one could have
app.conf.task_ignore_result = True


def record(what, **about):
    """Append to what the test reads."""
    store.rpush(what, json.dumps({"pod": POD, "at": time.time(), **about}))


@app.task(name="work")
def work(job, seconds):
    """Take a while."""
    IN_HAND.write_text(job)
    record("begun", job=job)
    time.sleep(seconds)
    record("done", job=job)
    store.delete(f"under-way:{job}")
    IN_HAND.unlink()


@signals.worker_shutting_down.connect
def asked_to_end(**_):
    """Say what the worker has in hand at SIGTERM; another job takes its place soon after it is killed."""
    job = IN_HAND.read_text() if IN_HAND.exists() else None
    record("asked")
    if job:
        store.expire(f"under-way:{job}", GRACE + 1)


@signals.worker_ready.connect
def works(**_):
    """Say that the worker takes jobs."""
    record("ready")


def feed(number, shortest, longest):
    """Have always as many jobs under way, until the test says that it is over."""
    made = 0
    while not store.exists("over"):
        for _ in range(number - len(store.keys("under-way:*"))):
            made += 1
            store.set(f"under-way:job-{made}", "", ex=longest + LOST)
            work.delay(f"job-{made}", random.uniform(shortest, longest))
        time.sleep(0.5)


if __name__ == "__main__":
    while True:
        try:
            store.ping()
            break
        except redis.RedisError:
            time.sleep(0.5)
    feed(*map(int, sys.argv[1:]))
    time.sleep(100_000)
