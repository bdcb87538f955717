"""A shop that counts the visits of each visitor."""
