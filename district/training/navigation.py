"""Entries of the console's navigation."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from district.navigation import NavigationEntry
from district.permissions import Permission
from district.training.models import Course


def _has_courses(user: Any) -> bool:
    """Say whether an account may make courses, or sees one: an ordinary site without courses sees none of it."""
    return bool(user.scope(Permission.TRAIN).ranges) or Course.objects.visible_to(user).exists()


ENTRIES = (
    NavigationEntry(
        _("Courses"), "training:courses", Permission.SEE_TRAINING, 510, "certificate", "/training/", when=_has_courses
    ),
)
