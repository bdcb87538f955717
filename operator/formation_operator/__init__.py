"""The Formation operator: runs the process types of twelve-factor apps on Kubernetes."""

__version__ = "0.1.0"
