"""Hostile Formations, made by hypothesis, against the real API server and the operator with its rights."""
