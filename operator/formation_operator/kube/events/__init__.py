"""The Events that are recorded on a Formation, for people: what is told, and how often it becomes an object.

It imports `objects` and what is below.
"""
