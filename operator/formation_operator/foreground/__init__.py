"""Whether a command stays in the foreground.

It is a leaf, and imports nothing of ours.
"""
