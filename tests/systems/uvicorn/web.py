"""A web process on uvicorn: one event loop that answers many requests at once."""

import asyncio
import os
import urllib.parse


async def app(scope, receive, send):
    """Answer, at once or after as many seconds as ``?slow=`` says; nothing is to be done at start and end."""
    if scope["type"] != "http":
        return
    seconds = int(urllib.parse.parse_qs(scope["query_string"].decode()).get("slow", ["0"])[0])
    await asyncio.sleep(seconds)
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = f"{os.environ['PROCESS_NAME']} waited {seconds} s\n".encode()
    await send({"type": "http.response.body", "body": body})
