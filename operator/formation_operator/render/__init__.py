"""What should exist for a Formation.

It imports `replicas`, for the count that each type is given, and `api`.
"""
