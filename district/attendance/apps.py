"""Names this app for Django."""

from django.apps import AppConfig


class AttendanceConfig(AppConfig):
    """Who is inside, attendance days, the month ledger and the muster list."""

    name = "district.attendance"
    label = "attendance"
