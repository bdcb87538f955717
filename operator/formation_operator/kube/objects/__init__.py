"""Kubernetes' objects as JSON: their kinds, and reading what others wrote.

It imports `api`, and sends no request.
"""
