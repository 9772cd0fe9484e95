"""Names this app for Django."""

from django.apps import AppConfig


class DeclarationsConfig(AppConfig):
    """What workers declare of their health and trips."""

    name = "district.declarations"
    label = "declarations"

    def ready(self) -> None:
        """Follow what others ask of people's data."""
        from district.declarations import receivers  # noqa: F401
