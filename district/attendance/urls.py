"""The pages of attendance."""

from django.urls import path

from district.attendance.views import days, ledger, phone, presence

app_name = "attendance"
urlpatterns = [
    path("attendance/inside", presence.presence, name="presence"),
    path("attendance/muster/<slug:site_id>", presence.muster, name="muster"),
    path("attendance/days", days.days, name="days"),
    path("attendance/days/<int:pk>", days.day, name="day"),
    path("attendance/corrections", days.corrections, name="corrections"),
    path("attendance/corrections/<int:pk>", days.correction, name="correction"),
    path("attendance/ledger", ledger.ledger, name="ledger"),
    path("attendance/ledger/ask", ledger.ask_confirmation, name="ask_confirmation"),
    path("attendance/ledger/links", ledger.confirmation_sheet, name="confirmation_sheet"),
    path("my/month/<str:token>", phone.my_month, name="my_month"),
]
