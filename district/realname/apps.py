"""Names this app for Django."""

from django.apps import AppConfig


class RealnameConfig(AppConfig):
    """Uploads to the national real-name platform."""

    name = "district.realname"
    label = "realname"
