"""A Formation as units of systemd."""
