"""Pages of declarations."""
