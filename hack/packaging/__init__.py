"""Make a release: all files of it, without a registry, and the same bytes each time (`docs/how-to`)."""
