"""Capture the newest frame from a source of pictures: the capture thread and its sources."""
