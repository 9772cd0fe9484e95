"""Names this app for Django."""

from django.apps import AppConfig


class RealnameApp(AppConfig):
    """Uploads to the national real-name platform."""

    name = "district.realname"
    label = "realname"

    def ready(self) -> None:
        """Note changes of people and passages as they are stored, so that they are uploaded soon."""
        from district.realname import marks

        marks.connect()
