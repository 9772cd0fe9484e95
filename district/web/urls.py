"""The shared pages: the first page and search."""

from django.urls import path

from district.web import views

app_name = "web"
urlpatterns = [path("", views.home, name="home")]
