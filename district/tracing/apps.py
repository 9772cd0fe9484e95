"""Names this app for Django."""

from importlib import import_module

from django.apps import AppConfig


class TracingConfig(AppConfig):
    """Who met a person that is a confirmed case, and what became of the calls."""

    name = "district.tracing"
    label = "tracing"

    def ready(self) -> None:
        """Listen to what others tell of people."""
        import_module("district.tracing.receivers")
