"""Quarantine: orders, who has each person, visits and release, while a measure allows them."""
