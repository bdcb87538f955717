"""A web process on uWSGI: a master that listens, and workers that answer one request at a time."""

import os
import time
import urllib.parse


def app(environ, start_response):
    """Answer, at once or after as many seconds as ``?slow=`` says."""
    seconds = int(urllib.parse.parse_qs(environ["QUERY_STRING"]).get("slow", ["0"])[0])
    time.sleep(seconds)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.environ['PROCESS_NAME']} waited {seconds} s\n".encode()]
