"""Names this app for Django."""

from django.apps import AppConfig


class EmergencyConfig(AppConfig):
    """Emergency measures of the district, and the end of their data."""

    name = "district.emergency"
    label = "emergency"
