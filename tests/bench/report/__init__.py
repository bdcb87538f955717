"""What becomes of the figures: a table, plots."""
