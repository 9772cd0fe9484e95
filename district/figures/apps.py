"""Names this app for Django."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    """Day tables of the whole district, and the pages that read them."""

    name = "district.figures"
    label = "figures"
