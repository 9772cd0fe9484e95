"""Tables, store and journals in the database."""
