"""What users do: the Formations they make, and how fast they change them."""
