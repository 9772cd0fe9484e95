"""Payrolls, and where they differ from what the gates saw."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from district.attendance.models import Correction, Payroll
from district.attendance.payrolls import PayrollRefused, differences_of, settle
from district.attendance.rules.ledger import month_days
from district.attendance.signed_in import PageRequest
from district.attendance.tables import DIFFERENCES, PAYROLLS
from district.audit.record import record
from district.pages import page
from district.permissions import Permission
from district.web.export import stream_csv, stream_xlsx
from district.web.lists import list_page


@page(Permission.SEE_WAGES)
def payrolls(request: PageRequest) -> HttpResponseBase:
    """List payrolls."""
    rows = Payroll.objects.visible_to(request.user).select_related("project__place", "enterprise")
    may_import = not request.user.scope(Permission.CHANGE_WAGES).empty
    return list_page(request, "attendance/payrolls.html", PAYROLLS, rows, context={"may_import": may_import})


@page(Permission.SEE_WAGES, post=Permission.CHANGE_WAGES)
def payroll(request: PageRequest, pk: int) -> HttpResponseBase:
    """Show where a payroll differs from the passages, or that difference as a file. A POST notes the settlement."""
    rows = Payroll.objects.visible_to(request.user).select_related("project__place", "enterprise")
    found = get_object_or_404(rows, pk=pk)
    may_change = Payroll.objects.visible_to(request.user, Permission.CHANGE_WAGES).filter(pk=pk).exists()
    if request.method == "POST":
        return _settled(request, found)
    different = differences_of(found)
    wanted = request.GET.get("format", "")
    if wanted in ("csv", "xlsx"):
        get_object_or_404(Payroll.objects.visible_to(request.user, Permission.EXPORT), pk=pk)
        record(request.user, "export", found, details={"table": "payroll_differences", "format": wanted})
        name = f"{found.project.site_id}-{found.month:%Y-%m}"
        files: Any = (stream_csv if wanted == "csv" else stream_xlsx)(different, DIFFERENCES.columns, name)
        response: HttpResponseBase = files
        return response
    context = {
        "payroll": found,
        "different": different[:500],
        "more": len(different) > 500,
        "lines": found.lines.count(),
        "may_change": may_change,
        "late": Correction.objects.visible_to(request.user)
        .filter(
            kind=Correction.Kind.LATE,
            state=Correction.State.OPEN,
            project=found.project,
            enterprise=found.enterprise,
            utc__date__gte=found.month,
            utc__date__lte=month_days(found.month)[-1] + timedelta(days=1),
        )
        .count(),
    }
    return render(request, "attendance/payroll.html", context)


def _settled(request: PageRequest, found: Payroll) -> HttpResponse:
    get_object_or_404(Payroll.objects.visible_to(request.user, Permission.CHANGE_WAGES), pk=found.pk)
    try:
        settle(request.user, found)
        messages.success(request, _("Settled. The payroll is held for three years."))
    except PayrollRefused as error:
        messages.error(request, str(error))
    return redirect("attendance:payroll", pk=found.pk)
