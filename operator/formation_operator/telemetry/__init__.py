"""The operator's own metrics and health, over HTTP, and the fields of its log.

It imports `api` and what is below, and decides nothing. `instruments` counts what happens, `census` sums over
statuses at a scrape, `server` answers, over a `bounded_port`; `records` has the fields of the log.
"""
