"""Enrolled people: search, threshold, look-alikes."""
