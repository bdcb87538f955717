"""How fast and how light the operator is, as ratios to others that do the same job: ``make bench``.

What the figures mean: docs/dev/performance.md.
"""
