"""Names this app for Django."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    """The pages over everything: the first page of each role, search, saved views, language."""

    name = "district.overview"
    label = "overview"
