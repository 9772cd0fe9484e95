"""Names this app for Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The record of who changed and who read what; it only grows."""

    name = "district.audit"
    label = "audit"
