"""What a site commits to instead of waiting for an inspection. Pure."""

from collections.abc import Collection
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrPromise

from district.supplies.rules.refusals import SuppliesRefused

STATEMENTS: dict[str, StrPromise] = {
    "registered": _("Everybody on the site is registered with name and origin."),
    "temperature": _("Everybody's temperature is taken twice a day."),
    "masks": _("Masks for each worker and each day are on the site."),
    "disinfection": _("Dormitories, canteen and toilets are disinfected each day."),
    "isolation": _("A room is ready where somebody who falls ill stays apart."),
    "meals": _("Meals are taken apart from each other."),
    "daily": _("The site declares people and supplies each day before the hour that the district names."),
}


class CommitmentState(StrEnum):
    """Where a commitment stands."""

    IN_FORCE = "in_force"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"


class CheckResult(StrEnum):
    """What a spot check found."""

    PASSED = "passed"
    MENDED = "mended"
    """Something lacked and was put right at once."""
    FAILED = "failed"


def check_statements(ticked: Collection[str]) -> None:
    """Refuse a commitment that leaves something out. Raises SuppliesRefused."""
    if set(STATEMENTS) - set(ticked):
        raise SuppliesRefused(
            gettext_noop("Tick each sentence. A site that cannot keep one asks for an inspection instead.")
        )


def check_words(text: str, most: int = 500) -> str:
    """Return what somebody wrote, in one line. Raises SuppliesRefused if it says nothing."""
    line = " ".join(text.replace("\0", "").split())
    if len(line) < 2:
        raise SuppliesRefused(gettext_noop("Write a few words: the others read them."))
    return line[:most]
