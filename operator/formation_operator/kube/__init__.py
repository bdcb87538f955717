"""Talking to the API server: the port that the rest depends on, and the one module that implements it.

It imports `api` and what is below. It has three rooms: `objects` (how JSON of the API is read), `events`
(which we record on Formations), and `session` (how requests get there).
"""
