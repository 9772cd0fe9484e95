"""Names this app for Django."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """The machinery of imports; other apps say what a sheet may hold."""

    name = "district.imports"
    label = "imports"
