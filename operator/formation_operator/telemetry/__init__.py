"""The operator's own metrics and health, over HTTP, and the fields of its log.

Nothing here decides anything. Counters are kept; all else is computed at a scrape.
"""
