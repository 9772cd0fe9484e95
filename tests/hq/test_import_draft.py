"""What an import changes, without a database."""

from datetime import UTC, datetime

import pytest

from contract.messages import EnrolmentRecord, SealedTemplate, WorkerRecord
from hq.registry.import_draft import EnrolmentRefused, ImportDraft

TEMPLATE = SealedTemplate(model_id="m", vector=b"x")


def _enrolment(consent: str) -> EnrolmentRecord:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return EnrolmentRecord(worker_id="w-1", consent_ref=consent, captured_utc=at, templates=(TEMPLATE,))


def _known() -> dict[str, WorkerRecord]:
    return {"w-1": WorkerRecord(worker_id="w-1", consent_ref="c-1", trade="welder")}


def test_ok__a_consent_that_is_not_mentioned_stays_and_a_null_one_destroys() -> None:
    draft = ImportDraft(_known())
    draft.put(WorkerRecord(worker_id="w-1", active=False))
    assert (draft.workers["w-1"].consent_ref, draft.workers["w-1"].trade, draft.withdrawn) == ("c-1", None, set())
    draft.put(WorkerRecord(worker_id="w-1", consent_ref=None))
    assert (draft.workers["w-1"].consent_ref, draft.withdrawn) == (None, {"w-1"})


def test_ok__a_consent_withdrawn_and_given_again_in_one_file_keeps_only_what_came_after() -> None:
    draft = ImportDraft(_known())
    draft.add(_enrolment("c-1"))
    draft.put(WorkerRecord(worker_id="w-1", consent_ref=None))
    draft.add(_enrolment("c-2"))
    assert draft.withdrawn == {"w-1"}  # destroyed first, then added
    assert [record.consent_ref for record in draft.enrolments] == ["c-2"]
    assert draft.workers["w-1"].consent_ref == "c-2"


def test_ok__an_enrolment_under_the_same_consent_changes_no_worker() -> None:
    draft = ImportDraft(_known())
    draft.add(_enrolment("c-1"))
    assert draft.workers == {}


def test_fail__nobody_of_that_id_and_templates_without_consent() -> None:
    with pytest.raises(EnrolmentRefused, match="not among the workers"):
        ImportDraft({}).add(_enrolment("c-1"))
    with pytest.raises(EnrolmentRefused, match="no consent_ref"):
        ImportDraft({}).put(WorkerRecord(worker_id="w-1", templates=(TEMPLATE,)))
