"""The gate: looks at a worker, knows who it is, decides, and lets the turnstile turn."""

__version__ = "0.2.0"
