"""What should be: the Formation is changed, or its processes are started anew."""
