"""Names this app for Django."""

from django.apps import AppConfig


class ApiApp(AppConfig):
    """The API and webhooks for other programs."""

    name = "district.api"
    label = "api"

    def ready(self) -> None:
        """Listen to what other programs hear of."""
        from district.api import events

        events.connect()
