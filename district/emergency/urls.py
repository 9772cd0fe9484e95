"""Addresses of the pages of emergency measures."""

from django.urls import path

from district.emergency import views

app_name = "emergency"
urlpatterns = [
    path("", views.measures, name="measures"),
    path("start/", views.start, name="start"),
    path("<int:pk>/", views.measure, name="measure"),
    path("<int:pk>/extend/", views.extend, name="extend"),
    path("<int:pk>/end/", views.end, name="end"),
]
