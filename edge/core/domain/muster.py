"""Who is on the site, as the gate process writes it for the screen."""

from pydantic import BaseModel, ConfigDict

from contract.messages import Id, Utc


class MusterPerson(BaseModel):
    """A worker on the site: when and at which gate they came in."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    worker_id: Id
    utc: Utc
    gate_id: Id


class MusterList(BaseModel):
    """Everybody on the site, by HQ's presence list and this gate's newer passages.

    `issued_utc`: when HQ issued its list; None: only by this gate. `max_age_s`: the age from which it counts as old.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    utc: Utc
    issued_utc: Utc | None = None
    max_age_s: float = 90
    unnamed: int = 0
    people: tuple[MusterPerson, ...] = ()
