"""Names this app for Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, roles, and what each may see."""

    name = "district.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Record what allauth does."""
        from district.accounts import signals

        signals.connect()
