"""Jobs of a worker on Celery; its queue is a folder, where an app would have Redis or RabbitMQ."""

import pathlib

import celery

QUEUE = pathlib.Path("/tmp/queue")
QUEUE.mkdir(exist_ok=True)

app = celery.Celery(broker="filesystem://")
app.conf.broker_transport_options = {"data_folder_in": str(QUEUE), "data_folder_out": str(QUEUE)}


@app.task
def add(one, other):
    """Return a sum."""
    return one + other
