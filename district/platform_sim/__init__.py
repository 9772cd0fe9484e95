"""A small real-name platform for tests and the demo. It checks calls as the real ones document it.

It shares no code with `district.realname`: one mistake in both would hide itself.
"""

DEMO_SECRET = "0123456789abcdef0123456789abcdef"
"""Of projects of tries and demonstrations. It protects nothing."""
