"""The words that each room of pages needs, one file per room. The texts stand in text/LANGUAGE/ROOM.toml."""
