"""Forms of the people pages. They offer only what the account may use; the registry checks the rest."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from district.people import rules
from district.people.models import Assignment, IdDocument, Person, Team
from district.people.search import TEXT_MAX
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.scope import Account
from district.web.days import DayField


def day_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateField:
    """Return a field for a date, with the browser's own calendar."""
    return DayField(label=label, required=required, help_text=help_text)


def codes(table: dict[str, tuple[str, str]], empty: Any = "") -> list[tuple[str, Any]]:
    """Return the choices of a code table in the reader's language."""
    position = 0 if (get_language() or "").startswith("zh") else 1
    return [("", empty or "–"), *((code, names[position]) for code, names in table.items())]


class OfAccount(forms.Form):
    """A form that knows whose rights limit its choices."""

    def __init__(self, *args: Any, user: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def projects(self) -> Any:
        """Return the open sites to which the account may assign people."""
        open_sites = Project.objects.visible_to(self.user, Permission.CHANGE_PEOPLE).filter(closed__isnull=True)
        return open_sites.select_related("place").order_by("place__name", "pk")

    def enterprises(self) -> Any:
        """Return the employers for which the account may act."""
        found = Enterprise.objects.visible_to(self.user, Permission.CHANGE_PEOPLE).filter(retired__isnull=True)
        scope = self.user.scope(Permission.CHANGE_PEOPLE)
        if not scope.ranges:  # a clerk acts for the own enterprise, and not for others that share a site
            found = found.filter(pk__in=scope.enterprises)
        return found.order_by("name", "pk")

    def teams(self) -> Any:
        """Return the teams that the account may fill."""
        found = Team.objects.visible_to(self.user, Permission.CHANGE_PEOPLE).filter(retired__isnull=True)
        return found.select_related("project__place", "enterprise").order_by("name", "pk")


class TeamChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Chooses a team; the same name may be on several sites."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the team with its site."""
        return f"{obj.name} · {obj.project.place.name}"


class FilterForm(OfAccount):
    """What the list of people is filtered by."""

    q = forms.CharField(
        label=_("Find"),
        required=False,
        max_length=TEXT_MAX,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name, pinyin, phone, id number")}),
    )
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Project.objects.none(), required=False, empty_label=_("All")
    )
    enterprise = forms.ModelChoiceField(
        label=_("Employer"), queryset=Enterprise.objects.none(), required=False, empty_label=_("All")
    )
    trade = forms.ChoiceField(label=_("Trade"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Working now")),
            ("all", _("All, also former")),
            ("left", _("Left")),
            ("expired", _("A paper ended")),
            ("soon", _("A paper ends within 30 days")),
            ("noway", _("No way to pass chosen")),
            ("nodocument", _("No id document")),
        ],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        sites = Project.objects.visible_to(self.user, Permission.SEE_PEOPLE).select_related("place")
        fields["site"].queryset = sites.order_by("place__name", "pk")
        seen = Enterprise.objects.visible_to(self.user, Permission.SEE_PEOPLE)
        fields["enterprise"].queryset = seen.order_by("name", "pk")
        fields["trade"].choices = codes(rules.TRADES, _("All"))
        if self.user.scope(Permission.SEE_RECORDS).empty:
            fields["state"].choices = fields["state"].choices[:3]  # the others tell what only records hold


class PersonForm(forms.Form):
    """Who somebody is."""

    name = forms.CharField(label=_("Name"), max_length=rules.NAME_MAX, help_text=_("As on the id document."))
    sex = forms.ChoiceField(label=_("Sex"), required=False, choices=[("", "–"), ("m", _("male")), ("f", _("female"))])
    birth = day_field(_("Date of birth"))
    nation = forms.ChoiceField(label=_("Nation"), required=False)
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "data-private": ""}),
    )
    address = forms.CharField(
        label=_("Address"), required=False, max_length=200, widget=forms.TextInput(attrs={"data-private": ""})
    )
    emergency_contact = forms.CharField(
        label=_("Emergency contact"),
        required=False,
        max_length=120,
        help_text=_("Name and phone."),
        widget=forms.TextInput(attrs={"data-private": ""}),
    )
    slow = forms.BooleanField(label=_("Needs more time to pass"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["nation"].choices = codes(rules.NATIONS)


class ChangePersonForm(PersonForm):
    """Changes to somebody. Empty sensitive fields stay as they are: the page does not show them."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    """When the record was read: a change by somebody else in between is noticed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("phone", "address", "emergency_contact"):
            self.fields[name].help_text = _("Leave empty to keep what is stored; type - to remove it.")

    @classmethod
    def of(cls, person: Person) -> "ChangePersonForm":
        """Return the form with what is stored, without sensitive fields."""
        shown = {name: getattr(person, name) for name in ("name", "sex", "birth", "nation", "slow")}
        return cls(initial={**shown, "seen": person.changed.isoformat()})

    def changes(self) -> dict[str, Any]:
        """Return the fields to change."""
        given = dict(self.cleaned_data)
        given.pop("seen")
        for name in ("phone", "address", "emergency_contact"):
            if not given[name]:
                del given[name]
            elif given[name].strip() == "-":
                given[name] = ""
        return given


class DocumentForm(forms.Form):
    """An id document."""

    kind = forms.ChoiceField(label=_("Id document"), choices=IdDocument.Kind.choices)
    number = forms.CharField(
        label=_("Id number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "data-private": ""})
    )
    expires = day_field(_("Valid until"))
    issuer = forms.CharField(label=_("Issued by"), required=False, max_length=80)


class WorkForm(OfAccount):
    """Where somebody works from a day on."""

    project = forms.ModelChoiceField(label=_("Site"), queryset=Project.objects.none())
    enterprise = forms.ModelChoiceField(label=_("Employer"), queryset=Enterprise.objects.none())
    team = TeamChoice(label=_("Team"), queryset=Team.objects.none(), required=False)
    trade = forms.ChoiceField(label=_("Trade"))
    role = forms.TypedChoiceField(label=_("Role"), choices=Assignment.Role.choices, coerce=int, initial=20)
    starts = day_field(_("First day"), required=True)
    ends = day_field(_("Last day"), help_text=_("Empty: until somebody ends it."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["project"].queryset, fields["enterprise"].queryset = self.projects(), self.enterprises()
        fields["team"].queryset = self.teams()
        fields["trade"].choices = codes(rules.TRADES)
        fields["starts"].initial = timezone.localdate
        for name in ("project", "enterprise"):
            if len(fields[name].queryset[:2]) == 1:
                fields[name].initial = fields[name].queryset[0]


class ChangeWorkForm(OfAccount):
    """Another team, trade or role on the same site."""

    team = TeamChoice(label=_("Team"), queryset=Team.objects.none(), required=False)
    trade = forms.ChoiceField(label=_("Trade"))
    role = forms.TypedChoiceField(label=_("Role"), choices=Assignment.Role.choices, coerce=int)

    def __init__(self, *args: Any, assignment: Assignment, **options: Any) -> None:
        shown = {"team": assignment.team_id, "trade": assignment.trade, "role": assignment.role}
        super().__init__(*args, initial=shown, **options)
        fields: Any = self.fields
        fields["team"].queryset = self.teams().filter(project=assignment.project, enterprise=assignment.enterprise)
        own = {} if assignment.trade in rules.TRADES else {assignment.trade: (assignment.trade, assignment.trade)}
        fields["trade"].choices = codes({**rules.TRADES, **own})


class EndForm(forms.Form):
    """The last day of something."""

    ends = day_field(_("Last day"), required=True, help_text=_("Gates open on this day for the last time."))
    why = forms.CharField(label=_("Reason"), required=False, max_length=200)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["ends"].initial = timezone.localdate


class EmploymentForm(OfAccount):
    """An employer, with the contract."""

    enterprise = forms.ModelChoiceField(label=_("Employer"), queryset=Enterprise.objects.none())
    starts = day_field(_("First day"), required=True)
    ends = day_field(_("Last day"))
    contract_number = forms.CharField(label=_("Contract"), required=False, max_length=60)
    contract_ends = day_field(_("Contract ends"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["enterprise"].queryset = self.enterprises()
        fields["starts"].initial = timezone.localdate


class CertificateForm(forms.Form):
    """A certificate or training."""

    kind = forms.CharField(label=_("Kind"), max_length=60)
    number = forms.CharField(label=_("Number"), required=False, max_length=60)
    issued = day_field(_("Issued"))
    expires = day_field(_("Valid until"))
    is_training = forms.BooleanField(
        label=_("Is a training"), required=False, help_text=_("Gates may ask for trainings in force.")
    )


class InsuranceForm(forms.Form):
    """An insurance."""

    kind = forms.CharField(label=_("Kind"), max_length=60)
    number = forms.CharField(label=_("Number"), required=False, max_length=60)
    expires = day_field(_("Valid until"))


class BankForm(forms.Form):
    """Where wages go."""

    bank = forms.CharField(label=_("Bank"), max_length=80)
    number = forms.CharField(
        label=_("Account number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-private": ""}),
    )


class CardForm(forms.Form):
    """An access card."""

    number = forms.CharField(label=_("Card number"), max_length=40, help_text=_("As the reader gives it, with zeros."))


class TeamForm(OfAccount):
    """A team on a site."""

    project = forms.ModelChoiceField(label=_("Site"), queryset=Project.objects.none())
    enterprise = forms.ModelChoiceField(label=_("Employer"), queryset=Enterprise.objects.none())
    name = forms.CharField(label=_("Team"), max_length=80)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["project"].queryset, fields["enterprise"].queryset = self.projects(), self.enterprises()


class ReasonForm(forms.Form):
    """Why somebody wants to see or change something: it is recorded."""

    why = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It is recorded with your name, and the person may read it."),
    )
