"""Whether a content may be rolled out: its release command has to succeed first.

It imports `sync` and what is below.
"""
