"""Addresses of the pages of support."""

from django.urls import path

from district.support.views import applications, calculator, measures

app_name = "support"
urlpatterns = [
    path("", calculator.choose, name="calculator"),
    path("enterprises/<int:pk>/", calculator.calculate, name="calculate"),
    path("enterprises/<int:pk>/apply/<slug:key>/", calculator.apply, name="apply"),
    path("measures/", measures.measures, name="measures"),
    path("measures/publish/", measures.publish, name="publish"),
    path("measures/of/<slug:key>/", measures.measure, name="measure"),
    path("measures/of/<slug:key>/retire/", measures.retire, name="retire"),
    path("applications/", applications.applications, name="applications"),
    path("applications/<int:pk>/", applications.application, name="application"),
    path("applications/<int:pk>/decide/", applications.decide, name="decide"),
    path("applications/<int:pk>/reply/", applications.reply, name="reply"),
]
