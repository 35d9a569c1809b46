"""The rules of the plant, in the standard library only: one noun a file, no I/O, no clock."""
