"""Enrolment: the worker's pages below /me/, the clerk's below /enrolment/."""

from django.urls import path

from district.enrolment.views import cards, clerk, phone

app_name = "enrolment"
urlpatterns = [
    path("me/", phone.home, name="home"),
    path("me/choose", phone.choose, name="choose"),
    path("me/agree", phone.agree, name="agree"),
    path("me/platform", phone.platform, name="platform"),
    path("me/photo", phone.photo, name="photo"),
    path("me/checking", phone.checking, name="checking"),
    path("me/code", phone.code, name="code"),
    path("me/kept", phone.kept, name="kept"),
    path("me/stop", phone.stop, name="stop"),
    path("me/receipt", phone.receipt, name="receipt"),
    path("enrolment/", clerk.overview, name="overview"),
    path("enrolment/<int:project>/", clerk.people, name="people"),
    path("enrolment/<int:project>/invite", clerk.invite, name="invite"),
    path("enrolment/<int:project>/card/<int:person>", cards.give_card, name="give_card"),
    path("enrolment/<int:project>/phones", clerk.end_phones, name="end_phones"),
]
