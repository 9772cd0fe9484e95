"""Lists and commands for gates."""
