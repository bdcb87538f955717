"""Kubernetes' objects as JSON: their kinds, and reading what others wrote.

It imports `api`, and sends no request. `kinds` has every kind that is read or written, with the kinds of
children; `containers` has how those of a Pod are; `deploys` and `authors` say who deployed, and `timestamps`
when; `lenient`, `listings` and `nesting` read what may be malformed, deep or large.
"""
