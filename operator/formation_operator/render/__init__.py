"""What should exist for a Formation.

It imports `replicas` and `observe` for what it is given, and what is below.
"""
