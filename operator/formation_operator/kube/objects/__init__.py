"""Kubernetes' objects as JSON: their kinds, and how what others wrote is read.

It imports `api`, and sends no request.
"""
