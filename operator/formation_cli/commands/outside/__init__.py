"""Without a cluster: what others wrote becomes a Formation, and a Formation what others read or run."""
