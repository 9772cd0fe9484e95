"""Notes what became of a queued thing, and lets go what waited for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from district.people.models import Team
from district.realname.calls import SiteCalls
from district.realname.connector import NoAnswer
from district.realname.look import new_batch
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.prepared import NotTaken
from district.realname.rules import answers
from district.realname.rules.lacks import Lack, Trouble

_State, _Kind = Upload.State, Upload.Kind


@dataclass(frozen=True)
class Finished:
    """The result of a call."""

    failed: bool
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def ask(row: Upload, calls: SiteCalls) -> Finished | None:
    """Ask for the result of a call; None while the platform works on it. Raises NoAnswer, NotTaken."""
    answer = calls.call("AsyncHandleResult.Query", {"requestSerialCode": row.serial})
    if answer.verdict is answers.Verdict.REFUSED:
        # The platform does not know the call any more, so it may have lost it: ask, and send again.
        row.state, row.unsure = _State.SENDING, True
        raise NoAnswer(Trouble.NO_ANSWER, answer.text, sent=True)
    if answer.verdict is not answers.Verdict.TAKEN:
        raise NotTaken(answer)
    try:
        result = answers.result(answer)
    except answers.AnswerError as error:
        raise NoAnswer(Trouble.NOT_OURS, str(error), sent=False) from None
    if result.outcome is answers.Outcome.WORKING:
        return None
    return Finished(result.outcome is answers.Outcome.FAILED, result.text, result.values)


@transaction.atomic
def done(row: Upload, values: Mapping[str, Any], now: datetime) -> None:
    """Note that the platform has it. A thing that changed meanwhile goes once more."""
    current = Upload.objects.select_for_update().filter(pk=row.pk).values_list("digest", flat=True).first()
    if current is None:
        return
    if row.kind == _Kind.TEAM and (number := answers.team_number(values)):
        Team.objects.filter(pk=row.subject_id).update(platform_number=number)
    row.digest = current or row.sent_digest
    row.uploaded_digest = row.sent_digest or "?"
    changed = row.kind != _Kind.ATTENDANCE and not row.group and row.digest != row.uploaded_digest
    row.state = _State.WAITING if changed else _State.DONE
    if changed:  # perhaps what was sent is newer than what the queue knows: else it would be sent again and again
        SiteUpload.objects.filter(project=row.project_id).update(looked=None)
    row.refusal, row.lack, row.serial, row.attempts, row.asked, row.unsure = "", "", "", 0, 0, False
    row.next_try = now
    row.save()
    _release(row, now)


@transaction.atomic
def refused(row: Upload, text: str, now: datetime) -> None:
    """Note that the platform refuses it. A batch is halved, so that one wrong passage does not hold the others."""
    row.serial, row.unsure, row.asked = "", False, 0
    passages = list(row.passages.order_by("utc", "pk")) if row.kind == _Kind.ATTENDANCE else []
    if len(passages) > 1:
        second = new_batch(passages[0], row.subject_id, now)
        half = [passage.pk for passage in passages[len(passages) // 2 :]]
        PassageUpload.objects.filter(pk__in=half).update(upload=second)
        Upload.objects.filter(pk=second.pk).update(attempts=1)  # no further passages join it
        row.state, row.attempts, row.next_try = _State.WAITING, 1, now
    else:
        row.state, row.refusal = _State.REFUSED, text[:300]
        if passages:
            row.person_id = passages[0].person_id
    row.save()


@transaction.atomic
def apart(rows: Sequence[Upload], now: datetime) -> None:
    """Send things one by one that the platform refused together: one wrong one holds no other."""
    for row in rows:
        row.state, row.serial, row.asked, row.unsure = _State.WAITING, "", 0, False
        row.attempts, row.next_try = max(row.attempts, 1), now
        row.save()


def lost(row: Upload, now: datetime) -> None:
    """Note that the platform may have lost a call that it took. It is asked for the thing, and it is sent again."""
    row.state, row.serial, row.asked, row.unsure, row.next_try = _State.WAITING, "", 0, True, now
    row.save()


def blocked(row: Upload, lack: Lack) -> None:
    """Note what is missing here."""
    row.state, row.lack, row.unsure, row.attempts = _State.BLOCKED, lack, False, 0
    row.save()


def _release(row: Upload, now: datetime) -> None:
    """Let go what waited for a company, a team or a worker."""
    same = Upload.objects.filter(project=row.project_id, state=_State.BLOCKED)
    if row.kind == _Kind.CORP:  # the platform refuses companies of which it knows nothing
        refused_before = Upload.objects.filter(project=row.project_id, state=_State.REFUSED, kind=_Kind.COMPANY)
        refused_before.filter(enterprise=row.enterprise_id, uploaded_digest="").update(
            state=_State.WAITING, refusal="", attempts=0, next_try=now
        )
    waiting = {
        _Kind.COMPANY: same.filter(lack=Lack.COMPANY, enterprise=row.enterprise_id),
        _Kind.TEAM: same.filter(lack=Lack.TEAM_NUMBER, team=row.subject_id),
        _Kind.WORKER: same.filter(lack=Lack.WORKER, person=row.person_id),
    }.get(_Kind(row.kind))
    if waiting is not None:
        waiting.update(state=_State.WAITING, lack="", next_try=now)
    if row.kind == _Kind.WORKER:  # the worker's passages may go into batches now
        SiteUpload.objects.filter(project=row.project_id, changed_from=None).update(changed_from=now)
