"""The variables of a Formation: shown, set and unset, and the Secrets that nothing names any more deleted."""
