"""Open cases for what needs a decision by a person: an abnormal declaration, a high temperature."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from district.cases.registry import open_case
from district.cases.rules import CaseKind
from district.declarations.models import HealthDeclaration, OfDeclarant, TemperatureReading


def warn_of_declaration(made: HealthDeclaration) -> None:
    """Open a case for an abnormal declaration. While it is open, further ones of the worker belong to it."""
    with override(settings.LANGUAGE_CODE):  # liaisons read it, and not the worker
        _open(CaseKind.DECLARATION, made, _("Abnormal health declaration"), f"declaration {made.pk}")


def warn_of_temperature(made: TemperatureReading) -> None:
    """Open a case for a temperature that is too high."""
    with override(settings.LANGUAGE_CODE):
        _open(CaseKind.TEMPERATURE, made, _("Temperature too high"), made.source)


def _open(kind: CaseKind, made: OfDeclarant, title: str, source: str) -> None:
    """Open it at the site, with the person and without a value: the case is no place for health data."""
    open_case(
        kind,
        made.project.place if made.project else made.measure.place,
        title=title,
        text=_("Isolate the worker, ask what happened, and declare on behalf of the worker what you found."),
        person=made.person,
        measure=made.measure,
        source=source,
        key=f"{kind.value}:{made.measure_id}:{made.person_id}",
        enterprise=made.enterprise,
    )
