"""Courses, tests and classroom sessions, and the proof at a gate of who learned."""
