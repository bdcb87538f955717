"""The status and the Events that report a pass.

It imports `sync`, `diagnose` and what is below.
"""
