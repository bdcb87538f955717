"""Talking to the API server: the port that the rest depends on, and the one module that implements it.

It imports `telemetry`, `api` and what is below. It has two rooms: `objects` (JSON of the API), and `session`
(the connections to the server).

- `port`: all requests, as a protocol; `api_server`: implements it;
- `reflector`: lists and watches one kind; `watch_events`: what each line of a watch says;
- `notices`: the Events that we record on Formations;
- `errors`: one class for each thing that a caller can do, and which answer is which error.
"""
