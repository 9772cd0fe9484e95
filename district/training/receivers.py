"""What follows here when others ask for or erase data of a person."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from district.people.held import HeldTable
from district.people.models import Person
from district.people.signals import data_asked, erased
from district.training.models import CourseCompletion, Learning, TrainingProof


@receiver(erased)
def forget_learning(person: Person, **_more: Any) -> None:
    """Delete what a person learned, whose identity is erased."""
    for model in (TrainingProof, Learning, CourseCompletion):
        model.objects.filter(person=person).delete()


@receiver(data_asked)
def show_learning(person: Person, **_more: Any) -> list[HeldTable]:
    """Return what is held of a person's learning."""
    learned = Learning.objects.filter(person=person).select_related("course")
    done = CourseCompletion.objects.filter(person=person).select_related("course")
    shown = [
        {_("Course"): one.course.title, _("Started"): _at(one.started), _("Completed"): _at(one.completed)}
        for one in learned
    ]
    shown += [
        {_("Course"): one.course.title, _("Completed"): _at(one.done), _("Valid until"): one.expires} for one in done
    ]
    if not shown:
        return []
    purpose, ground = _("Safety training is proven"), _("Law of production safety")
    return [HeldTable(_("Training"), shown, purpose, ground, _("As long as the person's record"))]


def _at(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
