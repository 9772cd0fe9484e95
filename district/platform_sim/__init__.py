"""A small real-name platform for tests and the demo. It checks calls as the real ones document it.

It shares no code with `district.realname`: one mistake in both would hide itself.
"""
