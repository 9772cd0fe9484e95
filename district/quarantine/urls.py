"""Addresses of the pages of quarantine."""

from django.urls import path

from district.quarantine.views import orders, phone, steps

app_name = "quarantine"
urlpatterns = [
    path("quarantine/", orders.orders, name="orders"),
    path("quarantine/add/", orders.add, name="add"),
    path("quarantine/accounts/<int:pk>/", orders.accounts, name="accounts"),
    path("quarantine/<int:pk>/", orders.order, name="order"),
    path("quarantine/<int:pk>/show/", orders.reveal, name="reveal"),
    path("quarantine/<int:pk>/visit/", steps.visit, name="visit"),
    path("quarantine/<int:pk>/need/", steps.need, name="need"),
    path("quarantine/<int:pk>/need/<int:need>/", steps.met, name="met"),
    path("quarantine/<int:pk>/hand-over/", steps.offer, name="offer"),
    path("quarantine/<int:pk>/accept/", steps.accept, name="accept"),
    path("quarantine/<int:pk>/take-back/", steps.take_back, name="take_back"),
    path("quarantine/<int:pk>/extend/", steps.extend, name="extend"),
    path("quarantine/<int:pk>/release/", steps.release, name="release"),
    path("me/quarantine/", phone.mine, name="mine"),
]
