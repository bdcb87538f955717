"""Random faults and random edits for as long as one likes, with a check of what must hold at every moment."""
