"""Names this app for Django."""

from django.apps import AppConfig


class QuarantineConfig(AppConfig):
    """People in quarantine, and who answers for each."""

    name = "district.quarantine"
    label = "quarantine"

    def ready(self) -> None:
        """Follow what others ask of people's data."""
        from district.quarantine import receivers  # noqa: F401
