"""The room that talks to the API server: `connection` implements the `port`, which commands know."""
