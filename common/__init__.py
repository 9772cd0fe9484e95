"""What both commands share: printing, errors, ids and paths that people type, pauses, child processes."""

__version__ = "0.2.0"
"""Of all programs of this package."""
