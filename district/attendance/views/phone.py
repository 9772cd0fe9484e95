"""What a worker opens on the phone: the own month, to confirm it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from district.accounts.pages import open_page
from district.attendance import confirmations
from district.attendance.ledgers import ledger_of
from district.attendance.models import Day, MonthConfirmation
from district.attendance.rules.ledger import LedgerRow, month_days


@open_page("the signed link opens one worker's month alone")
def my_month(request: HttpRequest, token: str) -> HttpResponse:
    """Show a worker the own month. A POST confirms it, or says what is wrong."""
    try:
        found = confirmations.opened(token)
    except confirmations.LinkExpired as error:
        return render(request, "attendance/my_month.html", {"trouble": str(error)}, status=410)
    days = month_days(found.month)
    rows = Day.objects.filter(person=found.person, project=found.project, date__gte=days[0], date__lte=days[-1])
    ledger = ledger_of(found.project, found.month, rows)
    row = ledger.rows[0] if ledger.rows else LedgerRow(found.person_id, found.person.name, "")
    trouble = _answered(request, found, row) if request.method == "POST" else ""
    context = {
        "confirmation": found,
        "days": rows.order_by("date"),
        "row": row,
        "shown": confirmations.hash_of_row(row),
        "trouble": trouble,
        "valid": found.answered is not None and found.shown_hash == confirmations.hash_of_row(row),
    }
    return render(request, "attendance/my_month.html", context)


def _answered(request: HttpRequest, found: MonthConfirmation, row: LedgerRow) -> str:
    """Take the answer. Return what is wrong with it, or ""."""
    agrees, objection = request.POST.get("answer") == "agree", request.POST.get("objection", "").replace("\0", "")
    if not agrees and not objection.strip():
        return _("Say which day is wrong.")
    shown = request.POST.get("shown", "")
    if not confirmations.answer(found, row, agrees=agrees, objection=objection, shown=shown):
        return _("The days changed meanwhile. Look again, then answer.")
    return ""
