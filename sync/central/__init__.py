"""Head office: the port `Central` over Postgres and in memory, its schema, and the head office commands."""
