"""Talking to the API server: the port that the rest depends on, and the one module that implements it.

It imports `api` and what is below. A room inside for each idea: what is known of `objects`, the `events` that
we record on them, the `session` of our requests.
"""
