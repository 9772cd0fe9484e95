"""A small server that answers as the national real-name platform does, for tests and the demo."""
