"""Declarations: the worker's pages below /me/, tablets below /kiosk/, those of the console below /declarations/."""

from django.urls import path

from district.declarations.views import console, kiosk, phone, setup

app_name = "declarations"
urlpatterns = [
    path("me/declare", phone.declare, name="declare"),
    path("me/declared", phone.declared, name="declared"),
    path("kiosk/<str:address>", kiosk.kiosk, name="kiosk"),
    path("declarations/", console.sites, name="sites"),
    path("declarations/missing", console.missing, name="missing"),
    path("declarations/given", console.given, name="given"),
    path("declarations/temperatures", console.due, name="due"),
    path("declarations/people/<int:key>/", console.person, name="person"),
    path("declarations/people/<int:key>/answers", console.reveal, name="reveal"),
    path("declarations/people/<int:key>/declare", console.behalf, name="behalf"),
    path("declarations/people/<int:key>/temperature", console.temperature, name="temperature"),
    path("declarations/tablets/", setup.kiosks, name="kiosks"),
    path("declarations/asked/", setup.policies, name="policies"),
    path("declarations/asked/<int:pk>/", setup.policy, name="policy"),
]
