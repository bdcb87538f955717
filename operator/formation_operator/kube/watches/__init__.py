"""The session that kopf watches in: its lists are ours, and what its watches tell is taken in here.

It imports `session`, `objects` and the port.
"""
