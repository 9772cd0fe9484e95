"""Addresses of the import pages."""

from django.urls import path

from district.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.imports, name="imports"),
    path("sheet/<int:pk>/", views.sheet, name="sheet"),
    path("sheet/<int:pk>/apply/", views.apply, name="apply"),
    path("sheet/<int:pk>/end/", views.end, name="end"),
    path("sheet/<int:pk>/problems.csv", views.problems, name="problems"),
    path("<slug:subject>/", views.new, name="new"),
    path("<slug:subject>/template.xlsx", views.template, name="template"),
]
