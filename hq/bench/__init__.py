"""How fast HQ is."""
