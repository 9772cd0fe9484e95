"""Names this app for Django."""

from django.apps import AppConfig


class SuppliesConfig(AppConfig):
    """Daily declarations of sites: people, protective supplies, isolation places."""

    name = "district.supplies"
    label = "supplies"
