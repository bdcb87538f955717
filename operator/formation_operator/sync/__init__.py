"""What to do about a difference between intents and children, and doing it.

It imports `render` and what is below.
"""
