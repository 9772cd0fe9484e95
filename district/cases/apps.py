"""Names this app for Django."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Warnings and whistles of the district."""

    name = "district.cases"
    label = "cases"
