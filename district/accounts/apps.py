"""Names this app for Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, roles, and what each may see."""

    name = "district.accounts"
    label = "accounts"
