"""The pages of commitments."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.supplies import registry
from district.supplies.asked import answers_for
from district.supplies.forms import CommitmentForm, EndForm
from district.supplies.models import SpotCheck, StartCommitment
from district.supplies.names import COMMITMENT_TONES
from district.supplies.rules.commitments import STATEMENTS, CommitmentState
from district.supplies.rules.refusals import SuppliesRefused
from district.supplies.tables import COMMITMENTS
from district.supplies.views.common import CHECK, DECLARE, SEE, site_of, supply_page
from district.web.lists import list_page
from district.web.refusals import refused


@supply_page(SEE)
@require_safe
def commitments(request: HttpRequest) -> HttpResponseBase:
    """List the commitments."""
    user: Any = request.user
    rows = StartCommitment.objects.visible_to(user).kept().select_related("project__place", "enterprise")
    return list_page(request, "supplies/commitments.html", COMMITMENTS, rows, context={"may_draw": user.may(CHECK)})


@supply_page(DECLARE)
@require_http_methods(["GET", "HEAD", "POST"])
def commit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """File a site's commitment."""
    user: Any = request.user
    project = site_of(request, pk, DECLARE)
    if not answers_for(user, project, DECLARE):
        raise Http404
    form = CommitmentForm(request.POST or None, initial={"starts": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = registry.commit(user, project, said["statements"], starts=said["starts"], people=said["people"])
        except SuppliesRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The commitment is filed. The site may start on its first day."))
            return redirect("supplies:commitment", made.pk)
    context = {"project": project, "form": form}
    return render(request, "supplies/commit.html", context, status=422 if form.is_bound else 200)


@supply_page(SEE)
@require_safe
def commitment(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a commitment, its checks, and how it ends."""
    return _shown(request, _found(request, pk), EndForm())


@supply_page(SEE)
@require_POST
def end_commitment(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a commitment as the site, or stop it as the district."""
    user: Any = request.user
    found, form = _found(request, pk), EndForm(request.POST)
    stops, withdraws = _may(user, found)
    if not stops and not withdraws:
        raise Http404
    if form.is_valid():
        end = registry.stop if stops else registry.withdraw
        try:
            end(user, found, form.cleaned_data["why"])
        except SuppliesRefused as error:
            form.add_error(None, refused(error))
        else:
            messages.success(request, _("The commitment is over. The site no longer counts as resumed."))
            return redirect("supplies:commitment", pk)
    return _shown(request, found, form)


def _found(request: HttpRequest, pk: int) -> StartCommitment:
    user: Any = request.user
    rows = StartCommitment.objects.visible_to(user).kept().select_related("project__place", "enterprise")
    found: StartCommitment = get_object_or_404(rows, pk=pk)
    return found


def _may(user: Any, found: StartCommitment) -> tuple[bool, bool]:
    """Say whether an account can stop a commitment for the district, or withdraw it for the site."""
    first, _end = found.project.place.branch
    checks = any(low <= first < high for low, high in user.scope(CHECK).ranges)
    return checks, answers_for(user, found.project, DECLARE)


def _shown(request: HttpRequest, found: StartCommitment, form: EndForm) -> HttpResponse:
    user: Any = request.user
    stops, withdraws = _may(user, found)
    in_force = found.state == CommitmentState.IN_FORCE
    context = {
        "commitment": found,
        "tone": COMMITMENT_TONES[CommitmentState(found.state)],
        "statements": STATEMENTS.values(),
        "checks": SpotCheck.objects.visible_to(user).filter(commitment=found).select_related("draw"),
        "stops": stops and in_force,
        "withdraws": withdraws and not stops and in_force,
        "form": form,
    }
    return render(request, "supplies/commitment.html", context, status=422 if form.errors else 200)
