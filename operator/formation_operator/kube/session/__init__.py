"""How requests reach the API server: connections, credentials, paging, and pauses that the server wants.

It imports `objects`, and of the rooms below `telemetry`, `api` and `backoff`.
"""
