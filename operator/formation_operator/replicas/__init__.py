"""Who decides about a count, and which scaling of a child is a request to its Formation.

It imports `observe` and what is below.
"""
