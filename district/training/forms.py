"""Forms of courses, pages, questions and classes."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people import rules
from district.people.forms import OfAccount, codes
from district.permissions import Permission
from district.places.choices import PlaceChoiceField
from district.places.models import Gate, Place, Project
from district.training.models import Course
from district.training.registry.classes import MOMENTS_MAX


class CourseForm(OfAccount):
    """What a course says of itself."""

    title = forms.CharField(label=_("Title of the course"), max_length=120)
    kind = forms.CharField(
        label=_("Counts as training"),
        max_length=60,
        help_text=_("As sites ask for it under Required trainings. Gates go by it."),
    )
    about = forms.CharField(label=_("What it is for"), max_length=500, required=False)
    place = PlaceChoiceField(label=_("Site or place"), queryset=Place.objects.none())
    trade = forms.ChoiceField(label=_("Trade"), required=False)
    valid_days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=3650, initial=365)
    asked = forms.IntegerField(label=_("Questions in a test"), min_value=0, max_value=20, initial=5)
    pass_percent = forms.IntegerField(label=_("Percent to pass"), min_value=1, max_value=100, initial=80)
    proof = forms.ChoiceField(
        label=_("Completed by"),
        choices=Course.Proof.choices,
        help_text=_("At a gate the worker shows a code and the face together. It opens nothing."),
    )

    def __init__(self, *args: Any, course: Course | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        if course is not None:
            del fields["place"]  # who already learned it would lose it
        else:
            places = Place.objects.visible_to(self.user, Permission.TRAIN).filter(retired=None)
            fields["place"].queryset = places.filter(self.user.scope(Permission.TRAIN).places()).order_by("path")
        fields["trade"].choices = codes(rules.TRADES, _("every trade"))


class PageForm(forms.Form):
    """A page of a course."""

    title = forms.CharField(label=_("Heading"), max_length=120)
    text = forms.CharField(
        label=_("Text"),
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Short sentences. An empty line begins a paragraph."),
    )
    file = forms.FileField(
        label=_("Picture or video"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp,video/mp4,video/webm"}),
        help_text=_("JPEG, PNG, WebP, MP4 or WebM, at most 20 MB."),
    )


class QuestionForm(forms.Form):
    """A question of a test."""

    text = forms.CharField(label=_("Question"), max_length=300)
    choices = forms.CharField(
        label=_("Choices"),
        max_length=1_500,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One on each line, 2 to 6. Put a star * before the right one."),
    )


class _Moment(forms.DateTimeInput):
    """A date and a time as the browser picks them."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class _GateChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A gate, with its site."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the gate's name and its site."""
        return f"{obj.name or obj.gate_id} · {obj.project}"


class ClassForm(OfAccount):
    """A class to be held."""

    course = forms.ModelChoiceField(label=_("Course"), queryset=Course.objects.none())
    project = forms.ModelChoiceField(label=_("Site"), queryset=Project.objects.none())
    room = forms.CharField(label=_("Room"), max_length=80, required=False)
    starts = forms.DateTimeField(label=_("Begins"), widget=_Moment())
    ends = forms.DateTimeField(label=_("Is over"), widget=_Moment())
    moments = forms.IntegerField(
        label=_("Random moments"),
        min_value=0,
        max_value=MOMENTS_MAX,
        initial=1,
        help_text=_("At each all participants show themselves at the terminal once more."),
    )
    gate = _GateChoice(
        label=_("Terminal"),
        queryset=Gate.objects.none(),
        required=False,
        empty_label=_("any gate of the site"),
        help_text=_("Then nothing shown at another gate counts."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        courses = Course.objects.visible_to(self.user).filter(state=Course.State.PUBLISHED)
        fields["course"].queryset = courses.order_by("title", "pk")
        sites = Project.objects.visible_to(self.user, Permission.TRAIN).filter(closed=None).select_related("place")
        fields["project"].queryset = sites.order_by("place__name", "pk")
        gates = Gate.objects.visible_to(self.user).filter(project__in=sites.order_by().values("pk"), retired=None)
        fields["gate"].queryset = gates.select_related("project__place").order_by("project__place__name", "gate_id")

    def clean_starts(self) -> datetime:
        """Return the time in the district's zone."""
        found: datetime = self.cleaned_data["starts"]
        return timezone.localtime(found)


class ConfirmForm(forms.Form):
    """How somebody knows who learned."""

    why = forms.CharField(label=_("How do you know who it was?"), min_length=3, max_length=200)
