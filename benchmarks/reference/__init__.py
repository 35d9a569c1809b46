"""What the server is measured beside."""
