"""Where every page is. Each app has its own list."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
    path("imports/", include("district.imports.urls")),
    path("places/", include("district.places.urls")),
    path("uploads/", include("district.realname.urls")),
    path("", include("district.overview.urls")),
    path("", include("district.phones.urls")),
    path("", include("district.enrolment.urls")),
]
