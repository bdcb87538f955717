"""A web process on gunicorn: a master that listens, and workers that load this module and answer one request at a time."""

import os
import time
import urllib.parse

# As many seconds as a framework, its models and its settings may take to load.
time.sleep(float(os.environ.get("LOADS_FOR", "0")))


def app(environ, start_response):
    """Answer, at once or after as many seconds as ``?slow=`` says."""
    query = environ["QUERY_STRING"]
    seconds = int(urllib.parse.parse_qs(query).get("slow", ["0"])[0])
    time.sleep(seconds)
    print(f"web: {environ['REQUEST_METHOD']} {environ['PATH_INFO']}{'?' if query else ''}{query}", flush=True)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.environ['PROCESS_NAME']} waited {seconds} s\n".encode()]
