"""How requests reach the API server: connections, credentials, paging, and pauses that the server wants.

It imports `objects` and, from lower rooms, `telemetry` and `api`.

- `connection`: our session, with the fence that lets only the leader write;
- `kopf_session`: kopf's, which can read whatever tenants write;
- `credentials`: what a request shows; `retry_after`: how long the server wants us to wait;
- `paging`, `watch_lines`: lists and watches within a bound of memory.
"""
