"""Write and read what stands for and against each worker. It is for the screen, which has no key to HQ's lists."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog
from pydantic import ConfigDict, TypeAdapter, ValidationError

from edge.app.memory_folder import gate_owner, memory_files, memory_folder, remove_for_screen, replace_for_screen
from edge.core.config import Config
from edge.core.domain import RosterState, SiteStandings, Worker, WorkerStanding
from edge.core.ports import Clock
from edge.core.templates import TemplateStore
from edge.system.replaced_file import ReplacedFile

log = structlog.get_logger()

NAME = "standings.json"
BYTES_MAX = 64 * 1024 * 1024
WORKERS_PER_TURN = 100
"""Written between two frames, in about a millisecond: a site of 20,000 workers delays no frame."""
RETRY_S = 60.0
_ROWS = TypeAdapter(tuple[WorkerStanding, ...], config=ConfigDict(hide_input_in_errors=True))


class StandingsFile:
    """Writes the file again after each change of the lists, some workers a turn. Never raises.

    The file is in memory, and the process with the network cannot read it: it names workers of risk lists.
    """

    def __init__(self, config: Config, lists: Callable[[], RosterState], clock: Clock) -> None:
        self._config, self._lists, self._clock = config, lists, clock
        self._writing: Iterator[None] | None = None
        self._written: object = None
        self._due_s = 0.0

    def write_if_due(self) -> None:
        """Write some workers more, or begin, if the lists changed."""
        try:
            if self._writing is not None:
                next(self._writing)
            elif time.monotonic() >= self._due_s and _mark(self._lists()) != self._written:
                self._writing = self._write(self._lists())
        except StopIteration:
            self._writing = None
        except OSError as error:
            log.warning("standings_not_written", error=error.strerror)
            self._writing, self._due_s = None, time.monotonic() + RETRY_S

    def remove(self) -> None:
        """Remove the file: the process ends, and nobody is admitted."""
        try:
            remove_for_screen(self._config, NAME)
        except OSError as error:
            log.warning("standings_not_removed", error=error.strerror)

    def _write(self, state: RosterState) -> Iterator[None]:
        """Make the text, and pause after some workers. Raises OSError."""
        site_id = self._config.site.site_id
        head = SiteStandings(
            utc=self._clock.utc(),
            site_id=site_id,
            policy=state.policy,
            roster=state.roster,
            risk=state.risk,
            policy_age=state.policy_age,
            withheld=state.withheld,
        )
        faces = TemplateStore.of(state.templates).owners()
        state = replace(state, templates=())  # keeps no template in memory that a newer list has not
        yield
        ids = [*state.workers, *(state.risks.keys() - state.workers.keys())]
        texts = [head.model_dump_json(exclude={"workers"}).encode()[:-1] + b',"workers":[']
        for first in range(0, len(ids), WORKERS_PER_TURN):
            rows = tuple(_standing(who, state, site_id, faces) for who in ids[first : first + WORKERS_PER_TURN])
            texts.append((b"," if first else b"") + _ROWS.dump_json(rows)[1:-1])
            yield
        replace_for_screen(self._config, memory_folder(self._config) / NAME, b"".join([*texts, b"]}"]))
        self._written = _mark(state)


def _mark(state: RosterState) -> object:
    """Return what tells these lists from others."""
    return state.roster, state.risk, state.policy_age, state.withheld


def _standing(worker_id: str, state: RosterState, site_id: str, faces: frozenset[str]) -> WorkerStanding:
    listed = state.workers.get(worker_id)
    worker = listed or Worker(worker_id)
    return WorkerStanding.model_construct(
        worker_id=worker_id,
        listed=listed is not None,
        here=site_id in worker.sites,
        active=worker.active,
        valid_from=worker.valid_from,
        valid_until=worker.valid_until,
        training_valid_until=worker.training_valid_until,
        declared_utc=worker.declared_utc,
        employer=worker.employer,
        trade=worker.trade,
        has_face=worker_id in faces,
        has_card=bool(worker.cards),
        has_pin=worker.pin is not None,
        risks=state.risks.get(worker_id, ()),
    )


class StandingsReader:
    """Reads the file of the gate process. None while there is none, or what lies there is not the gate's.

    Several threads may read.
    """

    def __init__(self, config: Config) -> None:
        self._config, self._file = config, ReplacedFile(BYTES_MAX, _parsed)

    def read(self) -> SiteStandings | None:
        """Return what was written last. Costs one look while nothing was written. Never raises."""
        for path in memory_files(self._config, NAME):
            try:
                return self._file.read(path, gate_owner(self._config))
            except OSError:
                continue
        self._file.forget()
        return None


def _parsed(text: bytes) -> SiteStandings | None:
    try:
        return SiteStandings.model_validate_json(text)
    except ValidationError as error:
        log.warning("standings_unreadable", problems=error.error_count())
        return None
