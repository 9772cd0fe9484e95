"""The record of who changed and who read what; it only grows."""
