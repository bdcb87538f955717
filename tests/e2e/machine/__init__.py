"""A machine of its own with a real systemd, in namespaces of this one, up in a second; it leaves nothing."""
