"""The Events that are recorded on a Formation: their content, and how often one becomes an object.

It imports `objects` and what is below.
"""
