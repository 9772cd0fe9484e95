"""Addresses of the pages of supplies."""

from django.urls import path

from district.supplies import views

app_name = "supplies"
urlpatterns = [
    path("", views.sites, name="sites"),
    path("stocks/", views.stocks, name="stocks"),
    path("sums/", views.sums, name="sums"),
    path("rules/<int:measure>/", views.rules_of_measure, name="rules"),
    path("sites/<int:pk>/", views.site, name="site"),
    path("sites/<int:pk>/declare/", views.declare, name="declare"),
    path("sites/<int:pk>/commit/", views.commit, name="commit"),
    path("offers/", views.offers, name="offers"),
    path("offers/add/", views.add_offer, name="add_offer"),
    path("offers/<int:pk>/", views.offer, name="offer"),
    path("offers/<int:pk>/step/", views.offer_step, name="offer_step"),
    path("commitments/", views.commitments, name="commitments"),
    path("commitments/<int:pk>/", views.commitment, name="commitment"),
    path("commitments/<int:pk>/end/", views.end_commitment, name="end_commitment"),
    path("draws/", views.draws, name="draws"),
    path("draws/add/", views.add_draw, name="add_draw"),
    path("draws/<int:pk>/", views.draw, name="draw"),
    path("checks/<int:pk>/", views.note_check, name="note_check"),
]
