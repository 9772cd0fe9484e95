"""Uploads to the national real-name platform."""
