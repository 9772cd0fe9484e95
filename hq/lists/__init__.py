"""Lists and orders out."""
