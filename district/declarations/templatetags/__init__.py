"""Template filters of declarations."""
