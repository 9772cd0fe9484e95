"""The detail of an event in the reader's language. The gate writes it in English; what is known here is translated.

What people typed (a reason, a name) is data and stays as it is.
"""

import re
from collections.abc import Mapping

from edge.screen.words.details import Detail

_DAY = r"\d{4}-\d\d-\d\d"
_ID = r"[A-Za-z0-9._:-]{1,64}"
_PATTERNS: tuple[tuple[str, Detail], ...] = (
    (rf"valid until (?P<day>{_DAY})", Detail.TRAINING_UNTIL),
    (r"no training on record", Detail.NO_TRAINING),
    (r"suspended", Detail.SUSPENDED),
    (rf"active from (?P<day>{_DAY})", Detail.ACTIVE_FROM),
    (rf"active until (?P<day>{_DAY})", Detail.ACTIVE_UNTIL),
    (r"may enter no site", Detail.NO_SITE),
    (r"may enter (?P<sites>.+)", Detail.MAY_ENTER),
    (rf"looks like (?P<who>{_ID})(; the policy .*|; also .*|: show .*)?", Detail.LOOKS_LIKE),
    (rf"declared (?P<when>{_DAY} \d\d:\d\d UTC)(; valid for (?P<hours>[\d.]+) h)", Detail.DECLARED),
    (r"no declaration on record(; .*)?", Detail.NO_DECLARATION),
    (r"(?P<reading>-?[\d.]+) °C, at most (?P<most>-?[\d.]+) °C", Detail.TEMPERATURE),
    (r"no temperature reading, and the policy demands one", Detail.NO_TEMPERATURE),
    (r"none on record", Detail.NOT_ON_RECORD),
    (r"locked down", Detail.LOCKED_DOWN),
    (rf"the clock says (?P<when>{_DAY} \d\d:\d\d UTC)", Detail.CLOCK_SAYS),
    (r"little more than the reserve for events is left on the disk", Detail.DISK_RESERVE),
    (r"the (?P<list>roster|risk|policy) here is older than the one in force before: .*", Detail.LIST_OLDER),
    (r"the (?P<list>roster|risk)( list)? has expired", Detail.LIST_EXPIRED),
    (r"there is no (?P<list>roster|risk)( list)? yet", Detail.LIST_MISSING),
    (r"the (?P<list>roster|risk)( list)? is stale and the policy admits nobody on it", Detail.LIST_STALE),
    (rf"(?P<who>{_ID}) is not on the roster( of this gate)?", Detail.NOT_ON_ROSTER),
    (r"the candidate is no longer on the roster", Detail.LEFT_ROSTER),
    (r"nobody on the roster", Detail.NOBODY_ON_ROSTER),
    (r"is inside( .{0,80})? already: .*", Detail.IS_INSIDE),
    (r"is outside( .{0,80})? already: .*", Detail.IS_OUTSIDE),
    (r"(?P<inside>\d+) inside( by the passages of all gates)?, at most (?P<most>\d+)", Detail.PEOPLE_AT_MOST),
    (r"(?P<list>roster|risk|policy) version (?P<version>\d+)", Detail.LIST_VERSION),
    (r"lock_down by (?P<by>.+) at the desk", Detail.DESK_LOCKED),
    (r"release_lock_down by (?P<by>.+) at the desk", Detail.DESK_RELEASED),
    (r"release_lock_down: by .+: that lock-down is over; look again", Detail.OTHER_LOCK_DOWN),
    (r"by (?P<by>[^:]+): (?P<why>.+)", Detail.BY_WHY),
    (r"by (?P<by>[^:]+)", Detail.BY),
    (rf"the face is that of (?P<who>{_ID})", Detail.FACE_OF),
    (r"the face was not shown to be live", Detail.FACE_NOT_LIVE),
    (r"no face was recognised", Detail.NO_FACE),
    (r"no face was recognised: a guard may confirm", Detail.MAY_CONFIRM),
    (r"admit: by (?P<by>[^:]+): the gate is \w+", Detail.NOT_FREE),
    (r"\w+: by (?P<by>[^:]+): asked -?\d+ s ago, too late", Detail.ASKED_TOO_LATE),
)
_COMPILED = tuple((re.compile(pattern, re.DOTALL), word) for pattern, word in _PATTERNS)


_RISK_LIST = "risk list"
_HELD = re.compile(r"(?P<name>.+?): (?P<action>hold|deny|admit_and_alert)(?:, |$)")


def risk_words(given: str, actions: Mapping[str, str]) -> str:
    """Return which lists name somebody, and what each does. `actions`: the words of `contract.policy.RiskAction`."""
    return ", ".join(f"{found['name']}: {actions[found['action']]}" for found in _HELD.finditer(given)) or given


def note_words(
    note: str, words: Mapping[str, str], lists: Mapping[str, str], actions: Mapping[str, str] | None = None
) -> str:
    """Return what a rule noted about somebody who was admitted: "rule: finding". An unknown finding is left out.

    `actions`: see `risk_words`. The name of a list, and what it does, are for managers alone: None for all others.
    """
    rule, _, given = note.partition(": ")
    name = words.get("rule_" + re.sub(r"[^a-z0-9]+", "_", rule.lower()).strip("_"), rule)
    given = given.removesuffix("; admitted by a guard")
    if rule == _RISK_LIST and actions is not None:
        return risk_words(given, actions)
    finding = None if rule == _RISK_LIST else detail_words(given, words, lists)
    return f"{name}: {finding}" if finding else name


def detail_words(detail: str, words: Mapping[str, str], lists: Mapping[str, str]) -> str | None:
    """Return the detail in the reader's language; None if it is not known here. `lists`: list kind -> its name."""
    for pattern, word in _COMPILED:
        if found := pattern.fullmatch(detail):
            values = {name: value or "" for name, value in found.groupdict().items()}
            if "list" in values:
                values["list"] = lists[values["list"]]
            return words[word].format(**values)
    return None
