"""Others' accounts: list, invitation, roles, links, blocking."""

from typing import cast

import segno
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.accounts import registry
from district.accounts.forms import GiveRoleForm, InviteAccountForm
from district.accounts.mail import send_link
from district.accounts.models import Grant, User
from district.accounts.rules import may_manage
from district.accounts.tables import ACCOUNTS, AccountFilter
from district.pages import has_totp, page
from district.permissions import Permission
from district.web.lists import list_page

_SEE, _CHANGE = Permission.SEE_ACCOUNTS, Permission.CHANGE_ACCOUNTS


@page(_SEE)
def accounts(request: HttpRequest) -> HttpResponseBase:
    """List the accounts with a role inside the viewer's part of the district."""
    user = cast(User, request.user)
    rows = _visible(user)
    context = {"may_invite": user.may(_CHANGE)}
    return list_page(
        request, "accounts/accounts.html", ACCOUNTS, rows, filters=AccountFilter(request.GET, rows), context=context
    )


@page(_CHANGE, fresh=True)
def invite(request: HttpRequest) -> HttpResponseBase:
    """Make an account with one role, and show its link once."""
    actor = cast(User, request.user)
    form = InviteAccountForm(actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        written = form.cleaned_data
        try:
            made, secret = registry.invite(actor, written["username"], written["name"], form.wanted, written["phone"])
        except registry.NotAllowed as error:
            form.add_error("where", str(error))
        else:
            return _show_link(request, made, secret, written["email"])
    return render(request, "accounts/invite.html", {"form": form})


@page(_SEE)
def account(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one account: its roles here, and what may be done about it."""
    user = cast(User, request.user)
    shown = get_object_or_404(_visible(user), pk=pk)
    return _account_page(request, shown, GiveRoleForm(user))


@page(_CHANGE, fresh=True)
@require_POST
def give_role(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give an account one more role."""
    actor = cast(User, request.user)
    shown = get_object_or_404(_visible(actor, _CHANGE), pk=pk)
    form = GiveRoleForm(actor, request.POST)
    if form.is_valid():
        try:
            registry.give(actor, shown, form.wanted)
        except registry.NotAllowed as error:
            form.add_error("where", str(error))
        else:
            messages.success(request, _("The role is given."))
            return redirect("accounts:account", shown.pk)
    return _account_page(request, shown, form)


@page(_CHANGE, fresh=True)
@require_POST
def end_role(request: HttpRequest, pk: int) -> HttpResponseBase:
    """End a role now."""
    actor = cast(User, request.user)
    grant = get_object_or_404(
        Grant.objects.visible_to(actor, _CHANGE).select_related("user", "place", "enterprise__place"), pk=pk, ended=None
    )
    try:
        registry.end_grant(actor, grant)
    except registry.NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The role has ended."))
    return redirect("accounts:account", grant.user_id)


@page(_CHANGE, fresh=True)
@require_POST
def new_link(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Make a new link for a forgotten password, or for a lost phone."""
    actor = cast(User, request.user)
    shown = get_object_or_404(_visible(actor, _CHANGE), pk=pk)
    secret = registry.new_link(actor, shown, ends_codes=request.POST.get("lost_phone") == "yes")
    return _show_link(request, shown, secret, "")


@page(_CHANGE, fresh=True)
@require_POST
def block(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Block an account and sign it out everywhere, or let it in again."""
    actor = cast(User, request.user)
    shown = get_object_or_404(_visible(actor, _CHANGE), pk=pk)
    blocked = request.POST.get("block") == "yes"
    registry.set_blocked(actor, shown, blocked)
    done = _("The account is blocked and signed out.") if blocked else _("The account may sign in again.")
    messages.success(request, done)
    return redirect("accounts:account", shown.pk)


@page(_CHANGE, fresh=True)
@require_POST
def end_sessions(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Sign an account out everywhere."""
    actor = cast(User, request.user)
    shown = get_object_or_404(_visible(actor, _CHANGE), pk=pk)
    registry.end_all_sessions(actor, shown)
    messages.success(request, _("The account is signed out everywhere."))
    return redirect("accounts:account", shown.pk)


def _visible(user: User, permission: Permission = _SEE) -> "QuerySet[User]":
    """Return the accounts that a user sees, each with its roles there that hold."""
    roles = (
        Grant.objects.visible_to(user, permission)
        .filter(Grant.in_force(timezone.now()))
        .select_related("place", "enterprise")
        .order_by("pk")
    )
    from allauth.mfa.models import Authenticator

    codes = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    found: QuerySet[User] = (
        User.objects.visible_to(user, permission)
        .prefetch_related(Prefetch("grants", roles, to_attr="roles_here"))
        .annotate(has_codes=Exists(codes))
    )
    return found


def _account_page(request: HttpRequest, shown: User, form: GiveRoleForm) -> HttpResponse:
    actor = cast(User, request.user)
    manages = actor.may(_CHANGE) and actor.pk != shown.pk
    context = {
        "account": shown,
        "form": form,
        "may_give": manages and len(form.fields["role"].choices) > 1,  # type: ignore[attr-defined]
        "may_manage": manages and may_manage(registry.held_by(actor), registry.managed_by_roles(shown)),
        "is_own": actor.pk == shown.pk,
        "has_codes": has_totp(shown),
        "sessions": UserSession.objects.filter(user=shown).count(),
    }
    return render(request, "accounts/account.html", context)


def _show_link(request: HttpRequest, account: User, secret: str, email: str) -> HttpResponse:
    """Show a link. It is in no redirect and in no session: only this answer has it."""
    path = reverse("accounts:join", args=[secret])
    public_url = settings.CONFIG.web.public_url if settings.CONFIG else ""
    link = f"{public_url.rstrip('/')}{path}" if public_url else request.build_absolute_uri(path)
    sent = bool(email) and send_link(account, email, link)
    if email and not sent:
        messages.warning(request, _("The mail could not be sent: hand the link over yourself."))
    context = {
        "account": account,
        "link": link,
        "sent_to": email if sent else "",
        "code": segno.make(link, micro=False).svg_data_uri(scale=5),
        "hours": registry.LINK_HOURS,
    }
    return render(request, "accounts/link.html", context)
