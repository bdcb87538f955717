"""What to do about a difference, and doing it.

It imports `render` and what is below.
"""
