"""The pages of the uploads: all sites, one site, its settings."""

from typing import cast

from django.conf import settings as district_settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from district.accounts.models import User
from district.audit.record import record
from district.config import RealnameConfig
from district.pages import page
from district.permissions import Permission
from district.places.models import Project
from district.realname import look
from district.realname.connector import is_readable
from district.realname.forms import SiteUploadForm, UploadFilter
from district.realname.models import SiteUpload, Upload
from district.realname.tables import SITES, UPLOADS, counts, site_rows, trouble_text, upload_rows
from district.web.lists import list_page

AGAIN_MAX = 2_000
"""Refused things that one press sends once more."""


@page(Permission.SEE_UPLOADS)
def sites(request: HttpRequest) -> HttpResponseBase:
    """List the sites with what goes, what is refused, and what is missing."""
    context = {"configured": bool(_config().url)}
    return list_page(request, "realname/sites.html", SITES, site_rows(_account(request)), context=context)


@page(Permission.SEE_UPLOADS)
def site(request: HttpRequest, project: int) -> HttpResponseBase:
    """Show one site: figures, and each thing that did not go with its reason."""
    account = _account(request)
    found = _project(request, project)
    upload = SiteUpload.objects.visible_to(account).filter(project=found).first()
    rows = upload_rows(account, found)
    if request.GET.get("state") != Upload.State.DONE:
        rows = rows.exclude(state=Upload.State.DONE)
    figures, minutes = counts(account, found), round(upload.clock_off_s / 60) if upload else 0
    context = {
        "project": found,
        "upload": upload,
        "trouble": trouble_text(upload),
        "clock_minutes": minutes,
        "clock_minutes_behind": -minutes,
        "counts": figures,
        "refused": sum(line[-1] for line in figures),
        "configured": bool(_config().url),
        "readable": is_readable(_config().url),
        "may_change": _may_change(account, found),
    }
    return list_page(
        request,
        "realname/site.html",
        UPLOADS,
        rows,
        filters=UploadFilter(request.GET, queryset=rows, request=request),
        context=context,
    )


@page(Permission.CHANGE_UPLOADS, fresh=True)
def settings(request: HttpRequest, project: int) -> HttpResponse:
    """Change a site's connection."""
    found = _project(request, project, Permission.CHANGE_UPLOADS)
    upload = SiteUpload.objects.filter(project=found).first() or SiteUpload(project=found)
    config = _config()
    form = SiteUploadForm(
        request.POST if request.method == "POST" else None,
        instance=upload,
        signer=config.signer,
        has_code=bool(found.code),
        has_secret=bool(upload.secret or config.secret_path),
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            hidden = {"new_secret": "secret", "new_account": "pay_account"}
            changed = [name for name in form.changed_data if name not in hidden]
            changed += [name for field, name in hidden.items() if form.cleaned_data[field]]
            record(_account(request), "realname.settings", saved, fields=changed)
        messages.success(request, _("The connection is saved. The first uploads begin within a minute."))
        return redirect("realname:site", project=found.pk)
    return render(request, "realname/settings.html", {"form": form, "project": found, "config": config})


@page(Permission.CHANGE_UPLOADS)
@require_POST
def again(request: HttpRequest, project: int) -> HttpResponse:
    """Send once more what the platform refused."""
    found = _project(request, project, Permission.CHANGE_UPLOADS)
    refused = Upload.objects.visible_to(_account(request), Permission.CHANGE_UPLOADS).filter(
        project=found, state=Upload.State.REFUSED
    )
    rows = list(refused.order_by("pk")[:AGAIN_MAX])
    with transaction.atomic():
        look.again(rows, look.present())
        record(_account(request), "realname.again", found, details={"count": str(len(rows))})
    messages.success(
        request,
        ngettext("%(count)s is sent once more.", "%(count)s are sent once more.", len(rows)) % {"count": len(rows)},
    )
    return redirect("realname:site", project=found.pk)


@page(Permission.CHANGE_UPLOADS)
@require_POST
def reconcile(request: HttpRequest, project: int) -> HttpResponse:
    """Compare with the platform as soon as nothing else waits."""
    found = _project(request, project, Permission.CHANGE_UPLOADS)
    with transaction.atomic():
        SiteUpload.objects.filter(project=found).update(reconciled=None, paused_until=None)
        record(_account(request), "realname.reconcile", found)
    messages.success(request, _("The site is compared with the platform as soon as nothing else waits."))
    return redirect("realname:site", project=found.pk)


def _project(request: HttpRequest, project: int, permission: Permission = Permission.SEE_UPLOADS) -> Project:
    visible = Project.objects.visible_to(_account(request), permission)
    found: Project = get_object_or_404(visible.select_related("place", "general_contractor"), pk=project)
    return found


def _may_change(account: User, project: Project) -> bool:
    return bool(Project.objects.visible_to(account, Permission.CHANGE_UPLOADS).filter(pk=project.pk).exists())


def _config() -> RealnameConfig:
    return district_settings.REALNAME


def _account(request: HttpRequest) -> User:
    return cast(User, request.user)
