"""The lists of the uploads."""

from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from district.people.models import Person
from district.permissions import Permission
from district.places.models import Project
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.rules.advice import advice
from district.realname.rules.lacks import TROUBLES, WHAT_TO_DO, Lack, Trouble
from district.realname.rules.timing import SLOW
from district.scope import Account
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

_State = Upload.State
STATE_TONES: dict[str, Tone] = {
    _State.WAITING: "info",
    _State.SENDING: "info",
    _State.SENT: "info",
    _State.BLOCKED: "care",
    _State.DONE: "good",
    _State.REFUSED: "bad",
}


def site_rows(account: Account) -> "QuerySet[Project]":
    """Return the sites whose uploads an account sees, with the counts that the list shows."""

    def count(*states: str) -> Coalesce:
        mine = Upload.objects.visible_to(account).filter(project=OuterRef("pk"), state__in=states)
        counted = mine.order_by().values("project").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))

    rows: QuerySet[Project] = (
        Project.objects.visible_to(account, Permission.SEE_UPLOADS)
        .select_related("place", "upload")
        .annotate(
            refused=count(_State.REFUSED),
            blocked=count(_State.BLOCKED),
            moving=count(_State.WAITING, _State.SENDING, _State.SENT),
        )
    )
    return rows


def upload_rows(account: Account, project: Project) -> "QuerySet[Upload]":
    """Return a site's things that an account sees. Names of people are shown only to those who see the people."""
    passages = PassageUpload.objects.filter(upload=OuterRef("pk")).order_by().values("upload")
    counted = Subquery(passages.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    people = Person.objects.visible_to(account).filter(pk=OuterRef("person"))
    rows: QuerySet[Upload] = (
        Upload.objects.visible_to(account)
        .filter(project=project)
        .select_related("enterprise", "team", "person")
        .annotate(passage_count=Coalesce(counted, Value(0)), person_shown=Exists(people))
    )
    return rows


def subject(row: Any) -> str:
    """Return what an upload is about."""
    if row.kind in (Upload.Kind.CORP, Upload.Kind.COMPANY):
        return str(row.enterprise or "")
    if row.kind == Upload.Kind.TEAM:
        return str(row.team or "")
    if row.person is not None:
        name = str(row.person) if row.person_shown else row.person.worker_id
        return f"{name} · {row.group.partition(' #')[0]}" if row.group else name
    return ngettext("%(count)s passage", "%(count)s passages", row.passage_count) % {"count": row.passage_count}


def _person_page(row: Any) -> str:
    return reverse("people:person", args=[row.person_id]) if row.person is not None and row.person_shown else ""


def reason(row: Any) -> str:
    """Say why it does not go and what to do; the platform's words stay as they are."""
    if row.state == _State.BLOCKED and row.lack:
        return str(WHAT_TO_DO[Lack(row.lack)])
    if row.state == _State.SENT and row.asked >= SLOW:
        return _("The platform took it, and has no result yet. It is asked again by itself.")
    return f"{row.refusal} – {advice(row.refusal)}" if row.refusal else ""


def site_state(row: Any) -> str:
    """Say in a word how a site's uploads are."""
    upload = upload_of(row)
    if upload is None or not upload.enabled:
        return _("off")
    if upload.trouble:
        return _("stopped")
    return _("to be mended") if row.refused or row.blocked else _("going")


def site_tone(row: Any) -> Tone:
    """Return the colour of a site's state."""
    upload = upload_of(row)
    if upload is None or not upload.enabled:
        return ""
    return "bad" if upload.trouble else "care" if row.refused or row.blocked else "good"


def upload_of(row: Any) -> SiteUpload | None:
    """Return a site's connection, if somebody made one."""
    return getattr(row, "upload", None)


def trouble_text(upload: SiteUpload | None) -> str:
    """Say why nothing of a site goes, and what to do; "" if it goes."""
    if upload is None or not upload.trouble:
        return ""
    text = str(TROUBLES[Trouble(upload.trouble)])
    return f"{text} ({upload.trouble_detail})" if upload.trouble_detail else text


SITES = ListTable(
    name="realname-sites",
    keys=("place__name", "pk"),
    columns=(
        TableColumn(
            "site",
            gettext_lazy("Site"),
            value=str,
            link=lambda row: reverse("realname:site", args=[row.pk]),
            note="code",
            sort=("place__name", "pk"),
        ),
        TableColumn("state", gettext_lazy("State"), value=site_state, kind="badge", tone=site_tone),
        TableColumn("refused", gettext_lazy("Refused"), kind="number"),
        TableColumn("blocked", gettext_lazy("Missing here"), kind="number"),
        TableColumn("moving", gettext_lazy("On the way"), kind="number"),
        TableColumn("trouble", gettext_lazy("Trouble"), value=lambda row: trouble_text(upload_of(row)), kind="long"),
        TableColumn("lacking", gettext_lazy("Lost by the platform"), value="upload.lacking", kind="number"),
        TableColumn(
            "unknown", gettext_lazy("Unknown workers"), value="upload.unknown_workers", kind="number", shown=False
        ),
        TableColumn("reconciled", gettext_lazy("Reconciled"), value="upload.reconciled", kind="time"),
    ),
    empty=EmptyState(
        gettext_lazy("No site yet"), gettext_lazy("Add a site first. Then its uploads are set up here."), icon="site"
    ),
)
UPLOADS = ListTable(
    name="realname-uploads",
    keys=("kind", "pk"),
    columns=(
        TableColumn("kind", gettext_lazy("What"), value=lambda row: row.get_kind_display(), sort=("kind", "pk")),
        TableColumn("subject", gettext_lazy("Who or which"), value=subject, link=_person_page, note="enterprise.name"),
        TableColumn(
            "state",
            gettext_lazy("State"),
            value=lambda row: row.get_state_display(),
            kind="badge",
            tone=lambda row: STATE_TONES[row.state],
        ),
        TableColumn("reason", gettext_lazy("Why, and what to do"), value=reason, kind="long"),
        TableColumn("attempts", gettext_lazy("Attempts"), kind="number", shown=False),
        TableColumn("changed", gettext_lazy("Changed"), kind="time", sort=("changed", "pk")),
    ),
    empty=EmptyState(
        gettext_lazy("Everything is uploaded"),
        gettext_lazy("What the platform refuses, and what is missing here, stands in this list."),
        icon="check",
    ),
)


def counts(account: Account, project: Project) -> list[tuple[str, int, int, int, int]]:
    """Return for each kind: its name, uploaded, on the way, missing here, refused. Passages instead of batches."""
    by = {"attendance": Q(upload__state=_State.DONE)}
    rows = Upload.objects.visible_to(account).filter(project=project).exclude(kind=Upload.Kind.ATTENDANCE)
    found: dict[int, dict[str, int]] = {}
    for kind, state, count in rows.order_by().values_list("kind", "state").annotate(n=Count("pk")):
        found.setdefault(kind, {})[state] = count
    passages = PassageUpload.objects.visible_to(account).filter(project=project)
    attendance = passages.aggregate(
        done=Count("pk", filter=by["attendance"]),
        refused=Count("pk", filter=Q(upload__state=_State.REFUSED)),
        all=Count("pk"),
    )
    lines = [_line(Upload.Kind(kind), found.get(kind, {})) for kind in Upload.Kind if kind != Upload.Kind.ATTENDANCE]
    rest = attendance["all"] - attendance["done"] - attendance["refused"]
    return [*lines, (_("Passages of the last 60 days"), attendance["done"], rest, 0, attendance["refused"])]


def _line(kind: Upload.Kind, states: dict[str, int]) -> tuple[str, int, int, int, int]:
    moving = sum(states.get(state, 0) for state in (_State.WAITING, _State.SENDING, _State.SENT))
    return (
        str(kind.label),
        states.get(_State.DONE, 0),
        moving,
        states.get(_State.BLOCKED, 0),
        states.get(_State.REFUSED, 0),
    )
