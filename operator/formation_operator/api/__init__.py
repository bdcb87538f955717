"""The public resource: its fields, the names of what it makes, and the reasons of its status.

It imports nothing of ours, so that other programs can use it.
"""
