"""The one error that is meant for the person who runs the cluster."""


class ClusterError(Exception):
    """Something outside our control is in the way: the message says what, and the way out."""
