"""The operator at work, step by step, each step checked: ``make demo``."""
