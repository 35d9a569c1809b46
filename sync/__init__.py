"""How plants and head office stay in step. Start with README.md."""
