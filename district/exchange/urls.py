"""How the exchange with HQ is."""

from django.urls import path

from district.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.status, name="status"),
    path("again", views.try_again, name="try_again"),
]
