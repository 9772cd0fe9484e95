"""Addresses of the pages of tracing."""

from django.urls import path

from district.tracing import contact_views, views

app_name = "tracing"
urlpatterns = [
    path("", views.investigations, name="investigations"),
    path("open/", views.open_page, name="open"),
    path("calls/", views.calls, name="calls"),
    path("<int:pk>/", views.investigation, name="investigation"),
    path("<int:pk>/search/", views.search, name="search"),
    path("<int:pk>/searching/", views.searching, name="searching"),
    path("<int:pk>/close/", views.close, name="close"),
    path("contacts/<int:pk>/", contact_views.contact, name="contact"),
    path("contacts/<int:pk>/number/", contact_views.number, name="number"),
    path("contacts/<int:pk>/call/", contact_views.call, name="call"),
    path("contacts/<int:pk>/quarantine/", contact_views.quarantine, name="quarantine"),
    path("contacts/<int:pk>/release/", contact_views.release, name="release"),
]
