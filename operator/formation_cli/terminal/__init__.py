"""How things are written: in colours and fitted to the window for a person, plainly for a program."""
