"""Talking to the API server: the port that the rest depends on, and the one module that implements it.

It imports `telemetry`, `api` and what is below. It has three rooms: `objects` (JSON of the API), `events`
(which we record on Formations), and `session` (the connections to the server).

- `port`: all requests, as a protocol; `api_server`: implements it;
- `reflector`: lists and watches one kind; `watch_events`: parsed when they are needed;
- `errors`: by what a caller can do; `status_codes`: which answer is which error.
"""
