"""Names this app for Django."""

from django.apps import AppConfig


class PhonesConfig(AppConfig):
    """Workers' own phones: the link that opens one, and the pages behind it."""

    name = "district.phones"
    label = "phones"

    def ready(self) -> None:
        """Listen to what becomes of people."""
        from district.phones import following

        following.connect()
