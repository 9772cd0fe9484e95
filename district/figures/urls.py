"""Addresses of the pages of figures."""

from django.urls import path

from district.figures import views

app_name = "figures"
urlpatterns = [
    path("", views.picture, name="picture"),
    path("report/", views.report, name="report"),
]
