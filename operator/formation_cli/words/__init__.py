"""What is typed: counts such as ``web=5 worker+2``, and durations such as ``10m``."""
