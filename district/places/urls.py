"""Addresses of the pages of places, enterprises and sites."""

from django.urls import path

from district.places.views import appointments, enterprises, lists, places, sites

app_name = "places"
urlpatterns = [
    path("", places.tree, name="tree"),
    path("<int:pk>/", places.place, name="place"),
    path("<int:pk>/add/", places.add, name="add"),
    path("<int:pk>/change/", places.change, name="change"),
    path("<int:pk>/move/", places.move, name="move"),
    path("<int:pk>/retire/", places.retire, name="retire"),
    path("<int:pk>/appoint/<slug:kind>/", appointments.at_place, name="appoint_at_place"),
    path("appointments/<int:pk>/end/", appointments.end, name="end_appointment"),
    path("all/", lists.all_places, name="all"),
    path("appointments/", lists.appointments, name="appointments"),
    path("vacancies/", appointments.of_places, name="vacancies"),
    path("vacancies/enterprises/", appointments.of_enterprises, name="vacant_enterprises"),
    path("enterprises/", enterprises.enterprises, name="enterprises"),
    path("enterprises/add/", enterprises.add, name="add_enterprise"),
    path("enterprises/suggest/", enterprises.suggest, name="suggest"),
    path("enterprises/<int:pk>/", enterprises.enterprise, name="enterprise"),
    path("enterprises/<int:pk>/change/", enterprises.change, name="change_enterprise"),
    path("enterprises/<int:pk>/retire/", enterprises.retire, name="retire_enterprise"),
    path("enterprises/<int:pk>/appoint/<slug:kind>/", appointments.at_enterprise, name="appoint_at_enterprise"),
    path("sites/", sites.sites, name="sites"),
    path("sites/add/", sites.add, name="add_site"),
    path("sites/<int:pk>/", sites.site, name="site"),
    path("sites/<int:pk>/change/", sites.change, name="change_site"),
    path("sites/<int:pk>/close/", sites.close, name="close_site"),
    path("sites/<int:pk>/contracts/add/", sites.add_subcontract, name="add_subcontract"),
    path("contracts/<int:pk>/end/", sites.end_subcontract, name="end_subcontract"),
]
