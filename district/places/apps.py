"""Names this app for Django."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """The tree from district to site, enterprises, and the officers of each."""

    name = "district.places"
    label = "places"
