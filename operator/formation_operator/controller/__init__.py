"""When a pass runs, and what it does.

It is the top of the one way, and imports every other room.
"""
