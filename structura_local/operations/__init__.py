"""The verbs a user has, one noun a file. No HTTP and no SQL: each goes through the store's door or its reader."""
