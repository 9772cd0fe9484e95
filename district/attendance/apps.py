"""Names this app for Django."""

from django.apps import AppConfig


class AttendanceConfig(AppConfig):
    """Who is inside, attendance days, the month ledger and the muster list."""

    name = "district.attendance"
    label = "attendance"

    def ready(self) -> None:
        """Follow changes of people and their work."""
        from district.attendance import receivers  # noqa: F401
