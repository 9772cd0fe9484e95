"""Where every page is. Each app has its own list."""

from django.urls import include, path

from district.api.urls import API_ROUTES

handler500 = "district.web.away.failed"
urlpatterns = [
    path("account/", include("district.accounts.sign_in_urls")),
    path("", include("district.people.urls")),
    path("imports/", include("district.imports.urls")),
    path("places/", include("district.places.urls")),
    path("api/v1/", API_ROUTES),
    path("", include("district.api.urls")),
    path("uploads/", include("district.realname.urls")),
    path("", include("district.accounts.urls")),
    path("", include("district.attendance.urls")),
    path("", include("district.overview.urls")),
    path("exchange/", include("district.exchange.urls")),
    path("", include("district.phones.urls")),
    path("", include("district.enrolment.urls")),
    path("emergency/", include("district.emergency.urls")),
    path("supplies/", include("district.supplies.urls")),
    path("", include("district.quarantine.urls")),
    path("", include("district.cases.urls")),
    path("screening/", include("district.screening.urls")),
    path("", include("district.training.urls")),
    path("", include("district.declarations.urls")),
    path("tracing/", include("district.tracing.urls")),
    path("figures/", include("district.figures.urls")),
    path("support/", include("district.support.urls")),
    path("demo/", include("district.demo.links")),
]
