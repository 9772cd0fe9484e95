"""Names this app for Django."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Support measures and the applications of enterprises."""

    name = "district.support"
    label = "support"
