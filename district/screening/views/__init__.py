"""Pages of key lists, hits and feeds."""
