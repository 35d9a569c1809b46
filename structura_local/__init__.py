"""The plant's server: REST API on the factory LAN, SQLite below, head office's Postgres beside."""

__version__ = "0.1.0"
