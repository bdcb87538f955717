"""Into a process, or beside it."""
