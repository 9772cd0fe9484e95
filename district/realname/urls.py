"""The pages of the uploads."""

from django.urls import path

from district.realname import views

app_name = "realname"
urlpatterns = [
    path("", views.sites, name="sites"),
    path("<int:project>/", views.site, name="site"),
    path("<int:project>/settings", views.settings, name="settings"),
    path("<int:project>/again", views.again, name="again"),
    path("<int:project>/reconcile", views.reconcile, name="reconcile"),
]
