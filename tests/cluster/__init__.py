"""A real Kubernetes for the demo and the tests, built from source and run on this machine."""
