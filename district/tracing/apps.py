"""Names this app for Django."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    """Who met a person that is a confirmed case, and what became of the calls."""

    name = "district.tracing"
    label = "tracing"
