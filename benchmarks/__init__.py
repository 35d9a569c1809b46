"""How fast the server is, measured beside what users would pick instead. `make bench` runs all of it."""
