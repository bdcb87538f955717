"""When a pass runs, and what it does.

It is the top room, and imports every other one.
"""
