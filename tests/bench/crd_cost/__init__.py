"""What the CRD costs the API server: by part and by rule, and what a request pays for it."""
