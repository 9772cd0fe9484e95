"""SQLite files and the disk they lie on; who knows a table's columns lives here."""
