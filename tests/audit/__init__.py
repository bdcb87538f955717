"""What the operator asked the API server for, beside what it may: nothing is missing, and nothing is spare."""
