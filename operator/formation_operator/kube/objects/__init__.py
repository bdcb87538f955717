"""What is known of Kubernetes' objects as JSON: the kinds of them, and how what others wrote is read.

It imports `api`, and asks nobody.
"""
