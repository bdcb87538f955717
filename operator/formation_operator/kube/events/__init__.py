"""The Events that are recorded on a Formation: their content, and which of them become one series.

It imports `objects` and what is below.
"""
