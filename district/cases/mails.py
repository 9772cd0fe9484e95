"""Mails about cases: one for each account and round, without a name or a title, which the page alone shows."""

from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.backoff import doubled_s
from district.cases.models import Case, CaseNotice

log = structlog.get_logger()

AT_ONCE = 20
"""Notices of one mail."""
TRIES_MAX = 12
_FIRST_S, _LONGEST_S = 30.0, 3_600.0


def mail_notices() -> bool:
    """Send one mail, to the account whose notice waits longest. Return whether more may wait."""
    now = timezone.now()
    waiting = CaseNotice.objects.filter(mailed=None, leaves__lte=now).order_by("leaves", "pk")
    first = waiting.select_related("user").first()
    if first is None:
        return False
    user = first.user
    rows = list(waiting.filter(user=user).select_related("case__place", "step")[:AT_ONCE])
    seen = set(
        Case.objects.visible_to(user).kept().filter(pk__in=[one.case_id for one in rows]).values_list("pk", flat=True)
    )
    told = [one for one in rows if one.case_id in seen and one.seen is None]
    numbers = [one.pk for one in rows]
    if not user.is_active or not user.email or not told or _sent(user.email, user.language, told):
        CaseNotice.objects.filter(pk__in=numbers).update(mailed=now)
        return True
    tries = first.tries + 1
    later = now + timedelta(seconds=doubled_s(_FIRST_S, tries - 1, _LONGEST_S))
    gone = now if tries >= TRIES_MAX else None
    CaseNotice.objects.filter(pk__in=numbers).update(tries=F("tries") + 1, leaves=later, mailed=gone)
    return True


def _sent(address: str, language: str, notices: Sequence[CaseNotice]) -> bool:
    with translation.override(language or settings.LANGUAGE_CODE):
        subject = ngettext("%(count)s case for you", "%(count)s cases for you", len(notices))
        lines = [_line(one) for one in notices]
        text = "\n\n".join([_("What is new:"), *lines, _("The page shows the rest.")])
        try:
            send_mail(subject % {"count": len(notices)}, text, None, [address])
        except (SMTPException, OSError) as error:
            log.warning("case_mail_not_sent", detail=type(error).__name__)
            return False
    return True


def _line(one: CaseNotice) -> str:
    """Return what a mail says of a step: neither the title nor a name leaves the district."""
    case, address = one.case, reverse("cases:case", args=[one.case_id])
    base = settings.CONFIG.web.public_url.rstrip("/") if settings.CONFIG else ""
    due = case.next_due
    parts = [
        f"{case.number} {case.get_kind_display()}",
        case.place.name,
        str(one.step.get_action_display()),
        _("until %(time)s") % {"time": f"{timezone.localtime(due):%Y-%m-%d %H:%M}"} if due else "",
    ]
    return " · ".join(part for part in parts if part) + f"\n{base}{address}"
