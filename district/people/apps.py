"""Names this app for Django."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People, their documents, teams, assignments and consents."""

    name = "district.people"
    label = "people"
