"""Key lists, who is found on them, and what a person decides about it."""
