"""Names this app for Django."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Warnings and whistles of the district."""

    name = "district.cases"
    label = "cases"

    def ready(self) -> None:
        """Follow what others ask of people's data."""
        from district.cases import receivers  # noqa: F401
