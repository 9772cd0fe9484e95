"""Names this app for Django."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Courses, and who completed them."""

    name = "district.training"
    label = "training"

    def ready(self) -> None:
        """Follow what others ask of people's data."""
        from district.training import receivers  # noqa: F401
