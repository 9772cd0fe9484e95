"""The SQL that finds who was on a site or at a gate together with some people. It is for SQLite and PostgreSQL.

Nothing in it comes from outside: values are parameters, lists are JSON. Times are milliseconds since 1970. Stays are
looked up for each stay of those searched for, and passages are sorted into slots. So the database compares only what
may meet. A big site has 100,000 stays in two weeks.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TimeDialect:
    """What the two databases write differently. Expressions have one place for a value."""

    ms: str
    """Milliseconds since 1970 of a time."""
    moment: str
    """A time as the table holds it, of whole seconds given as milliseconds since 1970."""
    text: str
    """A time given as a text."""
    least: str
    greatest: str
    rows: str
    """The rows of a list of lists, given as JSON."""
    item: str
    """An element of such a row."""
    each: str
    """Looks into a big table by its index for each row before. The databases cannot guess that there are few: they
    would read the whole table. Its places are table, alias and condition.
    """

    @classmethod
    def of(cls, connection: Any) -> "TimeDialect":
        """Return that of a database."""
        if connection.vendor == "postgresql":
            return cls(
                ms="CAST(date_part('epoch', {}) * 1000 AS bigint)",
                moment="to_timestamp(({}) / 1000.0)",
                text="CAST({} AS timestamptz)",
                least="LEAST",
                greatest="GREATEST",
                rows="jsonb_array_elements(CAST(%s AS jsonb)) AS r(value)",
                item="(r.value ->> {})",
                each="CROSS JOIN LATERAL (SELECT * FROM {0} {1} WHERE {2} OFFSET 0) {1}",
            )
        return cls(
            ms="CAST(ROUND((julianday({}) - 2440587.5) * 86400000) AS INTEGER)",
            moment="strftime('%%Y-%%m-%%d %%H:%%M:%%S', ({}) / 1000, 'unixepoch')",
            text="{}",
            least="MIN",
            greatest="MAX",
            rows="json_each(%s) AS r",
            item="json_extract(r.value, '$[{}]')",
            each="CROSS JOIN {0} {1} ON {2}",
        )

    def numbers(self, name: str, *columns: str) -> str:
        """Return the beginning of a query that reads a list of lists of numbers."""
        found = ", ".join(f"CAST({self.item.format(n)} AS bigint) AS {column}" for n, column in enumerate(columns))
        return f"{name} AS MATERIALIZED (SELECT {found} FROM {self.rows})"

    def people(self) -> str:
        """Return whom is searched for (with the moment since when), who is left out, and which records are one."""
        found = (
            self.numbers("via", "record", "owner", "since"),
            self.numbers("known", "person"),
            self.numbers("same", "record", "standing"),
        )
        return ",\n".join(found)


def site_sql(dialect: TimeDialect, assumed_s: int, longest_s: int) -> str:
    """Return the query for time together on sites: one row for each pair of people and site.

    Parameters: via, known, same, the moment until which anything is known. Then latest and earliest entry of those
    searched for, and the shortest time.
    """
    least, greatest, text = dialect.least, dialect.greatest, dialect.text.format("%s")
    came, left = dialect.ms.format("s.came"), dialect.ms.format('s."left"')
    assumed, longest, second = assumed_s * 1000, longest_s * 1000, 1_000
    begin = f"CASE WHEN s.missing_entry THEN COALESCE({left}, {came}) - {assumed} ELSE {came} END"
    end = f"COALESCE({left}, CASE WHEN s.missing_exit THEN {came} + {assumed} ELSE u.now END)"
    stay = f"{begin} AS b, {end} AS e, NOT s.missing_entry AND NOT s.missing_exit AS sure"
    inside = 's."left" IS NULL AND NOT s.missing_exit'
    own = f"s.person_id = v.record AND s.came < {text} AND (s.came > {text} OR ({inside}))"
    here, then = "s.project_id = m.project AND s.came", "> m.earliest AND s.came < m.latest"
    looks = (
        f'{here} {then} AND s."left" > m.first AND (s.came < m.last OR s.missing_entry)',
        f'{here} {then} AND s."left" IS NULL',
        f"{here} <= m.earliest AND {inside}",
    )
    columns = "m.owner, s.person_id, m.project, m.b AS mine_b, m.e AS mine_e, m.sure AS mine_sure"
    others = " UNION ALL ".join(
        f"SELECT {columns}, {stay} FROM mine m CROSS JOIN until u {dialect.each.format('attendance_stay', 's', look)}"
        for look in looks
    )
    return f"""
WITH {dialect.people()},
until AS MATERIALIZED (SELECT CAST(%s AS bigint) AS now),
stays AS (
  SELECT v.owner, v.since, s.project_id AS project, u.now, {stay}
  FROM via v CROSS JOIN until u {dialect.each.format("attendance_stay", "s", own)}
),
spans AS (
  SELECT owner, project, {greatest}(b, since) AS b, {least}(e, now) AS e, sure
  FROM stays WHERE {greatest}(b, since) < {least}(e, now)
),
mine AS MATERIALIZED (
  SELECT owner, project, b, e, sure, {dialect.moment.format(f"b - {longest}")} AS earliest,
    {dialect.moment.format(f"b - {second}")} AS first, {dialect.moment.format(f"e + {second}")} AS last,
    {dialect.moment.format(f"e + {assumed + second}")} AS latest
  FROM spans
),
others AS ({others}),
both_there AS (
  SELECT o.owner, COALESCE(m.standing, o.person_id) AS person, o.project, {greatest}(o.b, o.mine_b) AS b,
    {least}(o.e, o.mine_e) AS e, o.sure AND o.mine_sure AS sure
  FROM others o LEFT JOIN same m ON m.record = o.person_id
  WHERE o.b < o.mine_e AND o.e > o.mine_b AND COALESCE(m.standing, o.person_id) NOT IN (SELECT person FROM known)
),
ordered AS (
  SELECT owner, person, project, b, e, sure, MAX(e) OVER w AS reached,
    MAX(CASE WHEN sure THEN e END) OVER w AS surely
  FROM both_there
  WINDOW w AS (PARTITION BY owner, person, project ORDER BY b, e ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
counted AS (
  SELECT owner, person, project, MIN(b) AS b, MAX(e) AS e,
    SUM({greatest}(0, e - {greatest}(b, COALESCE(reached, b)))) AS together,
    MIN(CASE WHEN sure THEN b END) AS sure_b, MAX(CASE WHEN sure THEN e END) AS sure_e,
    SUM(CASE WHEN sure THEN {greatest}(0, e - {greatest}(b, COALESCE(surely, b))) ELSE 0 END) AS sure_together
  FROM ordered GROUP BY owner, person, project
)
SELECT owner, person, project, b, e, CAST(together AS bigint), sure_b, sure_e, CAST(sure_together AS bigint)
FROM counted WHERE together >= %s"""


def gate_sql(dialect: TimeDialect) -> str:
    """Return the query for passages soon after each other: one row for each pair of people and gate.

    Parameters: via, known, same, first and last moment, the length of a slot three times. Then first and last moment,
    and the longest gap.
    """
    least, greatest, text = dialect.least, dialect.greatest, dialect.text.format("%s")
    counts = f"p.source = 'gate' AND NOT p.set_aside AND p.utc >= {text} AND p.utc < {text}"
    begin, end = dialect.moment.format("n.k * n.size"), dialect.moment.format("(n.k + 1) * n.size")
    beside = f"p.project_id = n.project AND p.utc >= {begin} AND p.utc < {end} AND p.person_id IS NOT NULL AND {counts}"
    return f"""
WITH {dialect.people()},
passed AS (
  SELECT v.owner, v.since, p.project_id AS project, l.gate_id AS gate, {dialect.ms.format("p.utc")} AS t
  FROM via v {dialect.each.format("attendance_passage", "p", f"p.person_id = v.record AND {counts}")}
  JOIN attendance_feedline l ON l.id = p.line_id
),
mine AS MATERIALIZED (
  SELECT owner, since, project, gate, t, t / z.size + d.d AS k, z.size
  FROM passed CROSS JOIN (SELECT CAST(%s AS bigint) AS size) z
  CROSS JOIN (SELECT -1 AS d UNION ALL SELECT 0 UNION ALL SELECT 1) d
),
near AS MATERIALIZED (SELECT DISTINCT project, k, size FROM mine),
theirs AS MATERIALIZED (
  SELECT COALESCE(m.standing, p.person_id) AS person, n.project, l.gate_id AS gate, n.k,
    {dialect.ms.format("p.utc")} AS t
  FROM near n {dialect.each.format("attendance_passage", "p", beside)}
  JOIN attendance_feedline l ON l.id = p.line_id
  LEFT JOIN same m ON m.record = p.person_id
  WHERE COALESCE(m.standing, p.person_id) NOT IN (SELECT person FROM known)
),
pairs AS (
  SELECT m.owner, t.person, t.project, t.gate, m.since, {least}(m.t, t.t) AS b, {greatest}(m.t, t.t) AS e
  FROM mine m JOIN theirs t ON t.project = m.project AND t.k = m.k AND t.gate = m.gate
)
SELECT owner, person, project, gate, MIN({greatest}(b, since)), MAX(e), MIN(e - b)
FROM pairs WHERE e - b <= %s AND (e > since OR (e = since AND b = e))
GROUP BY owner, person, project, gate"""
