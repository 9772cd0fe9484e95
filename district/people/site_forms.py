"""Forms about sites and teams: required trainings, and what becomes of a team."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people import rules
from district.people.forms import OfAccount, codes, day_field
from district.people.models import Assignment, Person, Team, in_force
from district.permissions import Permission
from district.places.choices import PlaceChoiceField
from district.places.models import Place


class RequirementForm(OfAccount):
    """Which training is required, where, of whom."""

    place = PlaceChoiceField(label=_("Site or place"), queryset=Place.objects.none())
    kind = forms.CharField(
        label=_("Training"),
        max_length=60,
        help_text=_("As it stands on the certificates. Capitals and blanks do not count."),
    )
    trade = forms.ChoiceField(label=_("Trade"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        places = Place.objects.visible_to(self.user, Permission.CHANGE_SITES).filter(retired=None)
        fields["place"].queryset = places.order_by("path")
        fields["trade"].choices = codes(rules.TRADES, _("every trade"))


class ChangeTeamForm(forms.Form):
    """Another name or leader."""

    name = forms.CharField(label=_("Team"), max_length=80)
    leader = forms.ModelChoiceField(
        label=_("Leader"), required=False, queryset=Person.objects.none(), help_text=_("Who works in the team now.")
    )
    why = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, team: Team, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {"name": team.name, "leader": team.leader_id}
        fields: Any = self.fields
        today = timezone.localdate()
        working = Assignment.objects.filter(in_force(today), team=team, starts__lte=today)
        people = Person.objects.filter(pk__in=working.order_by().values("person"))
        own = Person.objects.filter(pk=team.leader_id) if team.leader_id else Person.objects.none()
        fields["leader"].queryset = people | own


class EndTeamForm(forms.Form):
    """What becomes of the members of a team that ends."""

    move_to = forms.ModelChoiceField(
        label=_("Move all members to"),
        required=False,
        queryset=Team.objects.none(),
        empty_label=_("no other team: their work ends"),
    )
    last_day = day_field(_("Last day of their work"), help_text=_("Only if their work ends: today or earlier."))
    why = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, team: Team, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        others = Team.objects.filter(project=team.project_id, enterprise=team.enterprise_id, retired=None)
        fields["move_to"].queryset = others.exclude(pk=team.pk).order_by("name", "pk")
