"""Declarations of health and trips by workers, while a measure allows them."""
