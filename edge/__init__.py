"""The gate: recognises a worker, decides, and releases the turnstile."""

__version__ = "0.2.0"
