"""Names this app for Django."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """Enrolment without a technician: invitations, the worker's own phone pages, photos that become templates."""

    name = "district.enrolment"
    label = "enrolment"

    def ready(self) -> None:
        """Listen to what becomes of people."""
        from district.enrolment import following

        following.connect()
