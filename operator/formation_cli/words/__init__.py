"""What is typed: counts such as ``web=5 worker+2``, durations such as ``10m``, sizes and ports."""
