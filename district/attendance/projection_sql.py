"""The SQL of the projections, for SQLite and PostgreSQL.

Nothing in it comes from outside: only names, numbers and two functions that the databases call differently. CROSS JOIN
makes SQLite begin with the few touched people, and not with all passages.
"""

from dataclasses import dataclass
from typing import Any

from district.attendance.rules.working_time import DAY, DEFAULTS, NIGHT_BEGINS_S, NIGHT_ENDS_S, REPEAT_S

_ATTRIBUTES = ["enterprise_id", "team_id", "trade"]
_COUNTED = ["seconds", "night_seconds", "missing_exit", "missing_entry", "corrected"]
_STAY_KEYS = ["entry_id", "project_id", "person_id", "assignment_id"]
STAY = [*_STAY_KEYS, *_ATTRIBUTES, "date", "came", '"left"', *_COUNTED]
DAY_COLUMNS = ["project_id", "person_id", "date", *_ATTRIBUTES, "first_in", "last_out", *_COUNTED]


_CODE = "(a.project_id * 2 + CASE a.direction WHEN 'in' THEN 1 ELSE 0 END)"
"""Site and direction in one number: an entry is odd, and its exit one less. Windows over one column cost half."""


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
            return cls("CAST(FLOOR(date_part('epoch', {})) AS bigint)", "(DATE '1970-01-01' + CAST({} AS integer))")
        return cls("CAST(strftime('%%s', {}) AS INTEGER)", "date(({}) * 86400, 'unixepoch')")


def select_stays(dialect: Dialect, *, touched: bool = False, part: tuple[int, int] = (1, 0)) -> str:
    """Return the query for stays, of touched people or of all. Its one parameter is the present moment.

    `part`: (3, 0), (3, 1) and (3, 2) are each a third of the people.
    """
    source = "attendance_touched t CROSS JOIN attendance_passage a" if touched else "attendance_passage a"
    limits = (
        "AND a.person_id = t.person_id AND a.utc >= t.utc_from AND a.utc < t.utc_to" if touched else _part("a", part)
    )
    day = dialect.date.format(f"(local - day_begins_s) / {DAY}")
    within = f"AND {day} BETWEEN day_from AND day_to" if touched else ""
    night = f"({_night('next_local')}) - ({_night('local')})"
    here, next_at = dialect.seconds.format("utc"), dialect.seconds.format("next_utc")
    before_at = dialect.seconds.format("before_utc")
    return f"""
WITH seen AS (
  SELECT a.id, a.person_id, a.project_id, a.assignment_id, a.utc, a.local, a.line_id, a.seq,
    {_CODE} AS code, a.source = 'correction' AS corrected, {"t.day_from, t.day_to," if touched else ""}
    LAG(a.local) OVER w AS ago, LAG({_CODE}) OVER w AS ago_code
  FROM {source}
  WHERE a.granted AND NOT a.set_aside AND a.person_id IS NOT NULL {limits}
  WINDOW w AS (PARTITION BY a.person_id ORDER BY a.utc, a.line_id, a.seq)
), step AS (
  SELECT *, LEAD(utc) OVER s AS next_utc, LEAD(local) OVER s AS next_local, LEAD(code) OVER s AS next_code,
    LEAD(corrected) OVER s AS next_corrected, LAG(utc) OVER s AS before_utc, LAG(code) OVER s AS before_code
  FROM seen
  WHERE ago IS NULL OR ago_code <> code OR local - ago > {REPEAT_S}
  WINDOW s AS (PARTITION BY person_id ORDER BY utc, line_id, seq)
), judged AS (
  SELECT step.*, code %% 2 = 1 AS inwards, COALESCE(r.longest_s, {DEFAULTS.longest_s}) AS longest_s,
    COALESCE(r.day_begins_s, {DEFAULTS.day_begins_s}) AS day_begins_s,
    CASE WHEN next_code = code - 1 AND code %% 2 = 1 THEN {next_at} - {here} END AS lasted,
    CASE WHEN before_code = code + 1 AND code %% 2 = 0 THEN {here} - {before_at} END AS came_ago
  FROM step LEFT JOIN attendance_siterules r ON r.project_id = step.project_id
    AND step.local >= r.from_local AND step.local < r.until_local
)
SELECT judged.id, judged.project_id, judged.person_id, judged.assignment_id, w.enterprise_id, w.team_id,
  COALESCE(w.trade, ''), {day}, utc,
  CASE WHEN NOT inwards THEN utc WHEN lasted <= longest_s THEN next_utc END,
  CASE WHEN lasted <= longest_s THEN lasted ELSE 0 END,
  CASE WHEN lasted <= longest_s THEN {night} ELSE 0 END,
  CASE WHEN NOT inwards OR lasted <= longest_s THEN FALSE
    ELSE next_utc IS NOT NULL OR %s - {here} > longest_s END,
  NOT inwards,
  CASE WHEN lasted <= longest_s AND next_corrected THEN TRUE ELSE corrected END
FROM judged LEFT JOIN people_assignment w ON w.id = judged.assignment_id
WHERE (inwards OR came_ago IS NULL OR came_ago > longest_s) {within}"""


def select_days(*, touched: bool = False, part: tuple[int, int] = (1, 0), stays: str = "attendance_stay") -> str:
    """Return the query for days, of touched people or of a part of all. `stays`: the table to make them from."""
    source, limits = f"{stays} s", f"WHERE TRUE {_part('s', part)}"
    if touched:
        source = "attendance_touched t CROSS JOIN attendance_stay s"
        limits = (
            "WHERE s.person_id = t.person_id AND s.date BETWEEN t.day_from AND t.day_to"
            " AND s.came >= t.utc_from AND s.came < t.utc_to"
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
  FROM {source} {limits}
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


def _part(table: str, part: tuple[int, int]) -> str:
    parts, number = part
    return f"AND {table}.person_id %% {parts} = {number}" if parts > 1 else ""


def _night(moment: str) -> str:
    """Return the seconds of night since 1970 until a moment, as `rules.working_time.night_until`."""
    rest = f"({moment} % {DAY})".replace("%", "%%")
    early = f"CASE WHEN {rest} < {NIGHT_ENDS_S} THEN {rest} ELSE {NIGHT_ENDS_S} END"
    late = f"CASE WHEN {rest} > {NIGHT_BEGINS_S} THEN {rest} - {NIGHT_BEGINS_S} ELSE 0 END"
    return f"{moment} / {DAY} * {DAY - NIGHT_BEGINS_S + NIGHT_ENDS_S} + {early} + {late}"
