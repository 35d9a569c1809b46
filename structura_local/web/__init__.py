"""HTTP begins and ends here: parse, one operation, respond."""
