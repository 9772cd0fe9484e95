"""The gate: recognises a worker, decides, and releases the turnstile."""

from common import __version__ as __version__
