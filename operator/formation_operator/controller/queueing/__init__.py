"""Whose pass is next, and when: a queue of keys that knows nothing of what a pass does.

It imports `kube.objects`, `backoff`, `requeue` and `settings`.

- `queue`: one pass per key at a time, and the back-off of those that fail;
- `lanes`: changes before reports, and namespaces in turn; `pace`: how often one key may run.
"""
