"""The same processes in the words of others: Procfile, .env, Heroku's JSON, systemd's units. Pure."""
