"""Whose pass is next, and when: a queue of keys that knows nothing of what a pass does."""
