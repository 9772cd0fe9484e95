"""Names this app for Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The record of who changed and who read what; it only grows."""

    name = "district.audit"
    label = "audit"

    def ready(self) -> None:
        """Record which lists are taken away as files."""
        from district.audit.exports import record_export
        from district.web.signals import exported

        exported.connect(record_export)
