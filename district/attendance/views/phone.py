"""What a worker opens on the phone: the own days, a month to confirm, an entrance without a gate."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance import confirmations
from district.attendance.forms import MarkForm
from district.attendance.ledgers import ledger_of
from district.attendance.models import Day, Entrance, MonthConfirmation, PhoneMark
from district.attendance.phone_marks import MarkRefused, PhonePlace, mark
from district.attendance.rules.ledger import LedgerRow, month_days
from district.pages import open_page
from district.people.models import Person
from district.phones.links import known_of
from district.phones.pages import PhoneRequest, phone_page
from district.phones.sessions import person_of, phone_of


@phone_page
def my_days(request: PhoneRequest) -> HttpResponse:
    """Show a worker the own days, newest first, and the months that wait for an answer."""
    asked = MonthConfirmation.objects.filter(person=request.worker, answered=None).select_related("project__place")
    rows = Day.objects.filter(person=request.worker).select_related("project__place").order_by("-date")
    context = {
        "days": rows[:62],
        "asked": [(one, confirmations.link_token(one)) for one in asked.order_by("-month")[:12]],
    }
    return render(request, "attendance/my_days.html", context)


@phone_page
def enter(request: PhoneRequest, address: str) -> HttpResponse:
    """Let a worker record going in or out at an entrance without a gate."""
    entrance = get_object_or_404(Entrance.objects.select_related("project__place"), address=address)
    trouble = ""
    if request.method == "POST":
        form = MarkForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            place = PhonePlace(given["latitude"], given["longitude"], given["accuracy"])
            try:
                made = mark(entrance, request.worker, given["direction"], given["code"], place)
                return redirect("attendance:entered", pk=made.pk)
            except MarkRefused as error:
                trouble = str(error)
        else:
            trouble = _("Type the six digits of the code.")
    last = PhoneMark.objects.filter(person=request.worker, entrance=entrance).order_by("-utc").first()
    context = {"entrance": entrance, "trouble": trouble, "inside": last is not None and last.direction == "in"}
    return render(request, "attendance/enter.html", context, status=200 if not trouble else 422)


@phone_page
def entered(request: PhoneRequest, pk: int) -> HttpResponse:
    """Say what was recorded."""
    marks = PhoneMark.objects.filter(person=request.worker).select_related("entrance", "project__place")
    return render(request, "attendance/entered.html", {"mark": get_object_or_404(marks, pk=pk), "now": timezone.now()})


@open_page("the signed link opens one worker's month alone")
def my_month(request: HttpRequest, token: str) -> HttpResponse:
    """Show a worker the own month. A POST confirms it, or says what is wrong. It comes from the worker's own phone, or
    with a number that the worker knows.
    """
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
        "question": "" if _is_own_phone(request, found.person) else known_of(found.person).question.value,
    }
    return render(request, "attendance/my_month.html", context)


def _answered(request: HttpRequest, found: MonthConfirmation, row: LedgerRow) -> str:
    """Take the answer. Return what is wrong with it, or ""."""
    agrees, objection = request.POST.get("answer") == "agree", request.POST.get("objection", "").replace("\0", "")
    if not agrees and not objection.strip():
        return _("Say which day is wrong.")
    if request.user.is_authenticated:
        return _("An account is signed in here: the worker answers, on the own phone.")
    own = _is_own_phone(request, found.person)
    try:
        proof = "phone" if own else confirmations.proof_of(found, request.POST.get("who", ""))
    except confirmations.NotTheWorker as error:
        return str(error)
    shown = request.POST.get("shown", "")
    if not confirmations.answer(found, row, agrees=agrees, objection=objection, shown=shown, proof=proof):
        return _("The days changed meanwhile. Look again, then answer.")
    return ""


def _is_own_phone(request: HttpRequest, person: Person) -> bool:
    phone = phone_of(request)
    holder = person_of(phone) if phone else None
    return holder is not None and holder.pk == person.pk
