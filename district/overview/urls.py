"""The first page, search, and what an account keeps for itself."""

from django.urls import path

from district.overview import views

app_name = "overview"
urlpatterns = [
    path("", views.home, name="home"),
    path("first-day/", views.first_day, name="first_day"),
    path("me/first-day/", views.my_first_day, name="my_first_day"),
    path("charts/<slug:name>", views.chart, name="chart"),
    path("search", views.search, name="search"),
    path("language", views.language, name="language"),
    path("views", views.save_view, name="save_view"),
]
