"""Names this app for Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The API and webhooks for other programs."""

    name = "district.api"
    label = "api"
