"""Names this app for Django."""

from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    """Key lists of an emergency, and the people found on them."""

    name = "district.screening"
    label = "screening"

    def ready(self) -> None:
        """Compare people whose registration or declarations change."""
        from district.screening import following

        following.connect()
