"""The SQL of the projections, for SQLite and PostgreSQL. Nothing in it comes from outside: only names, numbers and two
functions that the databases call differently.
"""

from dataclasses import dataclass
from typing import Any

from district.attendance.rules.working_time import DAY, DEFAULTS, NIGHT_BEGINS_S, NIGHT_ENDS_S, REPEAT_S

_ATTRIBUTES = ["enterprise_id", "team_id", "trade"]
_COUNTED = ["seconds", "night_seconds", "missing_exit", "missing_entry", "corrected"]
_STAY_KEYS = ["entry_id", "project_id", "person_id", "assignment_id"]
STAY = [*_STAY_KEYS, *_ATTRIBUTES, "date", "came", '"left"', *_COUNTED]
DAY_COLUMNS = ["project_id", "person_id", "date", *_ATTRIBUTES, "first_in", "last_out", *_COUNTED]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two databases write differently. Each has one place for an expression."""

    seconds: str
    """Whole seconds since 1970 of a time."""
    date: str
    """The date of a number of days since 1970."""

    @classmethod
    def of(cls, connection: Any) -> "Dialect":
        """Return that of a database."""
        if connection.vendor == "postgresql":
            return cls("CAST(FLOOR(EXTRACT(EPOCH FROM {})) AS bigint)", "(DATE '1970-01-01' + CAST({} AS integer))")
        return cls("CAST(strftime('%%s', {}) AS INTEGER)", "date(({}) * 86400, 'unixepoch')")


def select_stays(dialect: Dialect, *, touched: bool) -> str:
    """Return the query for stays, of touched people or of all. Its one parameter is the present moment."""
    limits = (
        "JOIN attendance_touched t ON t.person_id = a.person_id AND a.utc >= t.utc_from AND a.utc < t.utc_to"
        if touched
        else ""
    )
    day = dialect.date.format(f"(local - day_begins_s) / {DAY}")
    within = f"AND {day} BETWEEN day_from AND day_to" if touched else ""
    night = f"({_night('next_local')}) - ({_night('local')})"
    return f"""
WITH seen AS (
  SELECT a.id, a.person_id, a.project_id, a.assignment_id, a.utc, a.local, a.direction, a.source, a.line_id, a.seq,
    {dialect.seconds.format("a.utc")} AS at, {"t.day_from, t.day_to," if touched else ""}
    LAG(a.local) OVER w AS ago, LAG(a.direction) OVER w AS ago_direction, LAG(a.project_id) OVER w AS ago_project
  FROM attendance_passage a {limits}
  WHERE a.granted AND NOT a.set_aside AND a.person_id IS NOT NULL
  WINDOW w AS (PARTITION BY a.person_id ORDER BY a.utc, a.line_id, a.seq)
), step AS (
  SELECT *,
    LEAD(at) OVER s AS next_at, LEAD(utc) OVER s AS next_utc, LEAD(local) OVER s AS next_local,
    LEAD(direction) OVER s AS next_direction, LEAD(project_id) OVER s AS next_project,
    LEAD(source) OVER s AS next_source,
    LAG(at) OVER s AS before_at, LAG(direction) OVER s AS before_direction, LAG(project_id) OVER s AS before_project
  FROM seen
  WHERE ago IS NULL OR ago_project <> project_id OR ago_direction <> direction OR local - ago > {REPEAT_S}
  WINDOW s AS (PARTITION BY person_id ORDER BY utc, line_id, seq)
), judged AS (
  SELECT step.*, COALESCE(r.longest_s, {DEFAULTS.longest_s}) AS longest_s,
    COALESCE(r.day_begins_s, {DEFAULTS.day_begins_s}) AS day_begins_s,
    COALESCE(direction = 'in' AND next_direction = 'out' AND next_project = step.project_id
      AND next_at - at <= COALESCE(r.longest_s, {DEFAULTS.longest_s}), FALSE) AS closed,
    COALESCE(direction = 'out' AND before_direction = 'in' AND before_project = step.project_id
      AND at - before_at <= COALESCE(r.longest_s, {DEFAULTS.longest_s}), FALSE) AS opened
  FROM step LEFT JOIN attendance_siterules r ON r.project_id = step.project_id
)
SELECT judged.id, judged.project_id, judged.person_id, judged.assignment_id, w.enterprise_id, w.team_id,
  COALESCE(w.trade, ''), {day}, utc,
  CASE WHEN direction = 'out' THEN utc WHEN closed THEN next_utc END,
  CASE WHEN closed THEN next_at - at ELSE 0 END,
  CASE WHEN closed THEN {night} ELSE 0 END,
  CASE WHEN direction = 'in' AND NOT closed THEN next_at IS NOT NULL OR %s - at > longest_s ELSE FALSE END,
  direction = 'out',
  CASE WHEN closed AND next_source = 'correction' THEN TRUE ELSE source = 'correction' END
FROM judged LEFT JOIN people_assignment w ON w.id = judged.assignment_id
WHERE (direction = 'in' OR NOT opened) {within}"""


def select_days(*, touched: bool) -> str:
    """Return the query for days, from the stays."""
    limits = (
        "JOIN attendance_touched t ON t.person_id = s.person_id AND s.date BETWEEN t.day_from AND t.day_to"
        if touched
        else ""
    )
    return f"""
SELECT d.project_id, d.person_id, d.date, w.enterprise_id, w.team_id, COALESCE(w.trade, ''), first_in, last_out,
  seconds, night_seconds, missing_exit = 1, missing_entry = 1, corrected = 1
FROM (
  SELECT s.project_id, s.person_id, s.date, MAX(s.assignment_id) AS assignment_id,
    MIN(CASE WHEN s.missing_entry THEN NULL ELSE s.came END) AS first_in, MAX(s."left") AS last_out,
    SUM(s.seconds) AS seconds, SUM(s.night_seconds) AS night_seconds,
    MAX(CASE WHEN s.missing_exit THEN 1 ELSE 0 END) AS missing_exit,
    MAX(CASE WHEN s.missing_entry THEN 1 ELSE 0 END) AS missing_entry,
    MAX(CASE WHEN s.corrected THEN 1 ELSE 0 END) AS corrected
  FROM attendance_stay s {limits}
  GROUP BY s.person_id, s.date, s.project_id
) d LEFT JOIN people_assignment w ON w.id = d.assignment_id
WHERE TRUE"""


def upsert(table: str, columns: list[str], keys: list[str]) -> str:
    """Return the end of an INSERT that changes an existing row only if something differs: the same again writes
    nothing.
    """
    rest = [name for name in columns if name not in keys]
    changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
    old = ", ".join(f"attendance_{table}.{name}" for name in rest)
    new = ", ".join(f"excluded.{name}" for name in rest)
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes} WHERE ({old}) IS DISTINCT FROM ({new})"


def _night(moment: str) -> str:
    """Return the seconds of night since 1970 until a moment, as `rules.working_time.night_until`."""
    rest = f"({moment} % {DAY})".replace("%", "%%")
    early = f"CASE WHEN {rest} < {NIGHT_ENDS_S} THEN {rest} ELSE {NIGHT_ENDS_S} END"
    late = f"CASE WHEN {rest} > {NIGHT_BEGINS_S} THEN {rest} - {NIGHT_BEGINS_S} ELSE 0 END"
    return f"{moment} / {DAY} * {DAY - NIGHT_BEGINS_S + NIGHT_ENDS_S} + {early} + {late}"
