"""Pages of allauth that are open here. Signing up, mail addresses and passwords by mail are closed. Accounts are
invited, and who forgets a password gets a new link.
"""

from allauth.account import views as account
from allauth.mfa.base import views as codes
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.urls import path
from django.views.generic import RedirectView

from district.accounts.views import own
from district.pages import open_page

_closed = open_page("Leads to the sign-in: this page of allauth is not used here.")(
    RedirectView.as_view(pattern_name="account_login")
)

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/", codes.index, name="mfa_index"),
    path("2fa/authenticate/", codes.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", codes.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/generate/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("2fa/recovery-codes/download/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("sessions/", own.sessions, name="usersessions_list"),
    path("signup/", _closed, name="account_signup"),
    path("email/", _closed, name="account_email"),
    path("password/set/", _closed, name="account_set_password"),
    path("password/reset/", _closed, name="account_reset_password"),
    path("confirm-email/", _closed, name="account_email_verification_sent"),
]
