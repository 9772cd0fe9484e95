"""Names this app for Django."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People, their documents, teams, assignments and consents."""

    name = "district.people"
    label = "people"

    def ready(self) -> None:
        """Follow places that move."""
        from district.people import scopes
        from district.places.signals import branch_moved

        branch_moved.connect(scopes.follow_branch)
