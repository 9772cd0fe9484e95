"""Names this app for Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """What all pages share: layout, tokens, tables, charts, search."""

    name = "district.web"
    label = "web"
