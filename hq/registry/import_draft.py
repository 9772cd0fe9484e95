"""Work out in memory what an import or an enrolment changes among the workers. Pure.

So the database is read once and written once for a file of any size.
"""

from collections.abc import Mapping

from contract.messages import DIMENSION_MAX, EnrolmentRecord, WorkerRecord
from hq.database.clock import now


class EnrolmentRefused(ValueError):
    """An enrolment that cannot be used. The text says why."""


def check_record(record: EnrolmentRecord) -> None:
    """Check that databases can hold this and gates can read it. Raises EnrolmentRefused."""
    if "\0" in record.consent_ref:
        raise EnrolmentRefused("has a consent_ref that no database holds: it contains NUL")
    if any(len(template.vector) > 2 * DIMENSION_MAX for template in record.templates):
        raise EnrolmentRefused(f"has a template of more than {DIMENSION_MAX} numbers, which no gate reads")


class ImportDraft:
    """Changes to workers. `known`: the workers as they are, of all that will be named.

    Afterwards write `workers`, destroy the stored templates of `withdrawn`, then add `enrolments`.
    """

    def __init__(self, known: Mapping[str, WorkerRecord]) -> None:
        self._known = known
        self.workers: dict[str, WorkerRecord] = {}
        self.withdrawn: set[str] = set()
        self.noted: set[str] = set()
        """Withdrawals that the caller records itself."""
        self.enrolments: list[EnrolmentRecord] = []

    def put(self, worker: WorkerRecord) -> None:
        """Add or replace a worker. A consent that is not mentioned stays. One that is null is withdrawn, and the
        templates go.

        Raises:
            EnrolmentRefused: the worker has templates and no consent.
        """
        name, consent = worker.worker_id, worker.consent_ref
        held = self._held(name)
        if held is not None and "consent_ref" not in worker.model_fields_set:
            consent = held.consent_ref
        self.workers[name] = worker.model_copy(update={"templates": (), "consent_ref": consent})
        if consent is None:
            self.withdrawn.add(name)
            self.enrolments = [record for record in self.enrolments if record.worker_id != name]
        if not worker.templates:
            return
        if consent is None:
            raise EnrolmentRefused(f"worker {name} has templates but no consent_ref")
        self.add(EnrolmentRecord(worker_id=name, consent_ref=consent, captured_utc=now(), templates=worker.templates))

    def withdraw(self, worker_id: str) -> None:
        """End the consent of a known worker. Raises EnrolmentRefused."""
        worker = self._held(worker_id)
        if worker is None:
            raise EnrolmentRefused(f"{worker_id} is not among the workers: check the id")
        self.put(worker.model_copy(update={"consent_ref": None, "templates": ()}))
        self.noted.add(worker_id)

    def add(self, record: EnrolmentRecord) -> None:
        """Add templates to a known worker, whose consent becomes the enrolment's. Raises EnrolmentRefused."""
        check_record(record)
        worker = self._held(record.worker_id)
        if worker is None:
            raise EnrolmentRefused(f"enrols {record.worker_id}, who is not among the workers: import the worker first")
        if worker.consent_ref != record.consent_ref:
            self.put(worker.model_copy(update={"consent_ref": record.consent_ref}))
        self.enrolments.append(record)

    def _held(self, worker_id: str) -> WorkerRecord | None:
        return self.workers.get(worker_id) or self._known.get(worker_id)
