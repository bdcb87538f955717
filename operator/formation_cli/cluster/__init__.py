"""The room that talks to the API server: `api_server` implements the `port`, which commands know."""
