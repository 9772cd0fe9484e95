"""A synthetic district of any size, to measure with. Nobody in it exists."""
