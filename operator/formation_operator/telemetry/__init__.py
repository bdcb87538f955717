"""The operator's own metrics and health, over HTTP, and the fields of its log.

Nothing here decides anything, and nothing is computed before somebody asks, but for counters.
"""
