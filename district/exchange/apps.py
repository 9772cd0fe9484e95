"""Names this app for Django."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """What goes to the gates and what comes from them; `district.wire` carries it."""

    name = "district.exchange"
    label = "exchange"
