"""A Compose file as the Compose Specification has it. Source: https://github.com/compose-spec/compose-spec."""
