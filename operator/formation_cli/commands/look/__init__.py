"""What is, and why: nothing is changed."""
