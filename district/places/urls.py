"""Addresses of the pages of places, enterprises and sites."""

from django.urls import path

app_name = "places"
urlpatterns: list[path] = []  # type: ignore[valid-type]
