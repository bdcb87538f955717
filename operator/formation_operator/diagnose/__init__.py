"""Why a Pod isn't well.

It imports `observe`, `foreground` and what is below.
"""
