"""The page behind an invitation's link."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from district.accounts import registry
from district.accounts.forms import ChoosePasswordForm
from district.pages import open_page


@open_page("Whoever holds the link has no password yet; the link is the secret.")
@sensitive_post_parameters("password", "again")
@csrf_protect
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose the password of an invited account. Looking uses nothing up: mail programs look at links."""
    try:
        user = registry.find_link(secret).user
        form = ChoosePasswordForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            user = registry.use_link(secret, form.cleaned_data["password"])
            record_authentication(request, user, method="password", username=user.username)
            joined: HttpResponse = perform_login(request, user)
            return joined
    except registry.LinkRefused:
        return render(request, "accounts/link_refused.html", status=410)
    # No stricter referrer policy than `same-origin`: with `no-referrer` browsers send `Origin: null`; CSRF refuses it.
    return render(request, "accounts/join.html", {"form": form, "account": user})
