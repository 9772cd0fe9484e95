"""Pages of accounts and of the audit record."""

from django.urls import path

from district.accounts.views import accounts, join, records

app_name = "accounts"
urlpatterns = [
    path("join/<str:secret>/", join.join, name="join"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.invite, name="invite"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("accounts/<int:pk>/role/", accounts.give_role, name="give_role"),
    path("accounts/<int:pk>/link/", accounts.new_link, name="new_link"),
    path("accounts/<int:pk>/block/", accounts.block, name="block"),
    path("accounts/<int:pk>/sessions/", accounts.end_sessions, name="end_sessions"),
    path("accounts/roles/<int:pk>/end/", accounts.end_role, name="end_role"),
    path("audit/", records.records, name="records"),
]
