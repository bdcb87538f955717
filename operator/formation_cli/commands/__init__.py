"""The commands, as they are typed: one module each. `command_table` lists them."""
