"""What the operator asked the API server for, beside its rights: none is missing, and none spare."""
