"""The pages that open and end a worker's phone."""

from django.urls import path

from district.phones import views

app_name = "phones"
urlpatterns = [
    path("i/<str:secret>", views.link, name="link"),
    path("phone/leave", views.leave, name="leave"),
]
