"""What is known of the cluster, as the few facts that decisions need.

It imports `kube` and what is below.
"""
