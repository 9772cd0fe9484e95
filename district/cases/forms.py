"""Forms of cases, of the calendar and of duty."""

import secrets
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.accounts.models import Grant
from district.cases.models import Case, DutyHours
from district.cases.names import CATEGORY_NAMES
from district.cases.registry.telling import WORKING
from district.permissions import Permission
from district.places.choices import AccountChoiceField, AccountField, PlaceChoiceField
from district.places.models import Place, Project
from district.scope import Account
from district.web.days import DayField

PHOTOS_AT_ONCE = 4
WEEKDAYS = (
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
)


class _Photos(forms.ClearableFileInput):
    """Several photos at once, from the camera or the album."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"

    def __init__(self) -> None:
        super().__init__(attrs={"accept": "image/jpeg,image/png,image/webp", "multiple": True})


class PhotosField(forms.FileField):
    """Up to `PHOTOS_AT_ONCE` photos, as bytes. What they are is checked where they are kept."""

    def __init__(self, **options: Any) -> None:
        """Photos may always be left out."""
        super().__init__(label=_("Photos"), required=False, widget=_Photos(), **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Read the photos. Raises ValidationError."""
        files = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if len(files) > PHOTOS_AT_ONCE:
            raise ValidationError(_("Choose at most %(count)s photos.") % {"count": PHOTOS_AT_ONCE})
        return [one.read() for one in files]


def new_once() -> str:
    """Return a key for a form that is shown: sent twice, it makes one case."""
    return secrets.token_hex(8)


def _words(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=4_000, required=required, widget=forms.Textarea({"rows": 3}))


class ReportForm(forms.Form):
    """A problem that somebody reports."""

    category = forms.ChoiceField(label=_("Category"), choices=[(c.value, name) for c, name in CATEGORY_NAMES.items()])
    place = PlaceChoiceField(label=_("Place"), queryset=Place.objects.none())
    title = forms.CharField(label=_("In one sentence"), max_length=200)
    text = _words(_("Description"), required=False)
    photos = PhotosField()
    once = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput, initial=new_once)

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: at whose places something may be reported."""
        super().__init__(*args, **options)
        places = Place.objects.visible_to(user, Permission.WORK_CASES).filter(retired=None).order_by("path")
        field = self.fields["place"]
        assert isinstance(field, PlaceChoiceField)
        field.queryset = places
        if places.count() == 1:
            field.initial = places.first()


class SaidForm(forms.Form):
    """A note, a solution or a reason."""

    said = _words(pgettext_lazy("case", "Note"))
    photos = PhotosField()


class AssignForm(forms.Form):
    """Who is to own a case."""

    owner = AccountField(label=pgettext_lazy("case", "Owner"), queryset=get_user_model().objects.none())
    said = _words(pgettext_lazy("case", "Note"), required=False)

    def __init__(self, case: Case, *args: Any, **options: Any) -> None:
        """Offer who works on cases at its place, its desk, or above them, or for its employer."""
        super().__init__(*args, **options)
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = owners_of(case)


def owners_of(case: Case) -> "QuerySet[Any]":
    """Return the accounts that may own a case."""
    paths = [*case.desk.ancestor_paths, *(() if case.discreet else case.place.ancestor_paths)]
    near = Q(place__path__in=paths)
    if case.enterprise_id is not None:
        near |= Q(enterprise=case.enterprise_id)
    working = Grant.objects.filter(Grant.in_force(timezone.now()), near, role__in=WORKING)
    found: QuerySet[Any] = get_user_model().objects.filter(pk__in=working.values("user"), is_active=True)
    return found.order_by("name", "pk")


class HandOverForm(forms.Form):
    """Which place answers from now on, and why."""

    desk = PlaceChoiceField(label=_("To"), queryset=Place.objects.none())
    said = _words(_("Reason"))

    def __init__(self, user: Account, case: Case, *args: Any, **options: Any) -> None:
        """Offer the places of the account and those above it: who is above hands it to the other branches."""
        super().__init__(*args, **options)
        field = self.fields["desk"]
        assert isinstance(field, PlaceChoiceField)
        above: Sequence[str] = case.desk.ancestor_paths
        mine = Place.objects.visible_to(user, Permission.WORK_CASES).order_by().values("pk")
        wanted = Place.objects.filter(Q(pk__in=mine) | Q(path__in=above), retired=None)
        field.queryset = wanted.exclude(kind=Place.Kind.SITE).exclude(pk=case.desk_id).order_by("path")


class CalendarDayForm(forms.Form):
    """A day that differs from its weekday."""

    day = DayField(label=_("Day"))
    works = forms.TypedChoiceField(
        label=_("The district"),
        choices=[("1", _("works")), ("0", _("does not work"))],
        coerce=lambda value: value == "1",
    )
    name = forms.CharField(label=_("Reason"), max_length=80, required=False)


class DutyHoursForm(forms.Form):
    """Hours of weekdays."""

    WEEKDAYS: ClassVar = dict(WEEKDAYS)
    place = PlaceChoiceField(label=_("Place"), queryset=Place.objects.none())
    kind = forms.ChoiceField(label=_("Type"), choices=DutyHours.Kind.choices)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    begins = forms.TimeField(label=_("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    ends = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text=_("Not later than the begin: on the next day."),
    )

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        """`user`: whose places and accounts are offered."""
        super().__init__(*args, **options)
        place = self.fields["place"]
        assert isinstance(place, PlaceChoiceField)
        wide = Place.objects.visible_to(user, Permission.CHANGE_SITES).filter(retired=None)
        place.queryset = wide.exclude(kind=Place.Kind.SITE).order_by("path")
        self.fields["user"] = AccountChoiceField(
            user=user,
            label=_("Account"),
            required=False,
            help_text=_("Who has night duty. Other hours have none."),
        )


class PhoneReportForm(forms.Form):
    """A problem that a worker reports on a phone."""

    category = forms.ChoiceField(choices=[(c.value, name) for c, name in CATEGORY_NAMES.items()])
    site = forms.ModelChoiceField(queryset=Project.objects.none())
    text = forms.CharField(max_length=4_000)
    photos = PhotosField()
    discreet = forms.BooleanField(required=False)
    once = forms.CharField(required=False, max_length=40, initial=new_once)

    def __init__(self, sites: Sequence[Project], *args: Any, **options: Any) -> None:
        """`sites`: where the worker works today."""
        super().__init__(*args, **options)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Project.objects.filter(pk__in=[one.pk for one in sites])
