"""The pages of attendance."""

from django.urls import path

from district.attendance.views import days, ledger, payrolls, phone, presence, site_rules

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
    path("attendance/sites", site_rules.sites, name="sites"),
    path("attendance/sites/<slug:site_id>", site_rules.site_rules, name="site_rules"),
    path("attendance/entrances/<str:address>", site_rules.entrance_code, name="entrance_code"),
    path("attendance/payrolls", payrolls.payrolls, name="payrolls"),
    path("attendance/payrolls/<int:pk>", payrolls.payroll, name="payroll"),
    path("me/days", phone.my_days, name="my_days"),
    path("me/at/<str:address>", phone.enter, name="enter"),
    path("me/at/done/<int:pk>", phone.entered, name="entered"),
    path("my/month/<str:token>", phone.my_month, name="my_month"),
]
