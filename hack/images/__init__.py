"""Images for the tests, made without a container engine and without a registry."""
