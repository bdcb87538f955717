"""Talking to the API server: the port that the rest depends on, and the one module that does it.

It imports `api`.
"""
