"""What people and programs are told of a pass.

It imports `sync`, `diagnose` and what is below.
"""
