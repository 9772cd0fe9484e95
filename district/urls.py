"""Where every page is. Each app has its own list."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("district.accounts.sign_in_urls")),
    path("", include("district.accounts.urls")),
    path("", include("district.overview.urls")),
]
