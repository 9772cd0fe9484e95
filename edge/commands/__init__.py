"""One file per group of `sitegate` commands."""
