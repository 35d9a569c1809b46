"""SQLite: the tables, the one door for writing, and reading. Nothing above this knows SQL."""
