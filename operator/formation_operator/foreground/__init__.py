"""Whether a command stays in the foreground.

It is a leaf, and imports nothing of ours. `programs` is the table of programs, of which ``make crds`` makes
an admission policy, too; `shell` finds the last command of a script.
"""
