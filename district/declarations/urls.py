"""Declarations: the worker's pages below /me/, those of the console below /declarations/."""

from django.urls import path

from district.declarations.views import phone

app_name = "declarations"
urlpatterns = [
    path("me/declare", phone.declare, name="declare"),
    path("me/declared", phone.declared, name="declared"),
]
