"""Read a file of measures. Each fault is one sentence that names the place in the file."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop
from pydantic import ValidationError

from common.terminal.problems import shown
from district.support.rules.answers import read_answer
from district.support.rules.calculator import BuiltInCondition
from district.support.rules.clauses import (
    FORMAT,
    KEY,
    AmountPart,
    ClausePoint,
    CompleteClause,
    FactKind,
    SupportClause,
    SupportCondition,
    SupportFact,
    SupportFile,
)
from district.support.rules.refusals import SupportFileRefused, SupportRefused

BYTES_MAX = 300_000
_UNION_TAILS = {"bool", "int", "decimal", "date", "str", "function-before[_number(), decimal]"}
_NUMBERS = {"value_error", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"}
_COMPARED = {FactKind.COUNT, FactKind.MONEY, FactKind.DAY}


def read_measures(content: bytes) -> tuple[CompleteClause, ...]:
    """Return the measures of a TOML file, each with its questions. Raises SupportFileRefused."""
    if len(content) > BYTES_MAX:
        raise _refused(gettext_noop("The file has more than %(most)s kB: divide it."), most=BYTES_MAX // 1000)
    try:
        said = tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise _refused(gettext_noop("The file is no UTF-8 text: save it as UTF-8.")) from error
    except (ValueError, RecursionError) as error:
        raise _refused(gettext_noop("The file is no TOML: %(why)s. Correct that line."), why=_cut(error)) from error
    return checked_measures(said)


def checked_measures(said: dict[str, Any]) -> tuple[CompleteClause, ...]:
    """Check the tables of a file. Raises SupportFileRefused with all faults."""
    try:
        file = SupportFile.model_validate(said)
    except ValidationError as error:
        raise SupportFileRefused(_shape_faults(error)) from error
    faults = tuple(_faults(file))
    if faults:
        raise SupportFileRefused(faults)
    return tuple(_complete(one, file.facts) for one in file.measures)


def _complete(clause: SupportClause, facts: tuple[SupportFact, ...]) -> CompleteClause:
    used = {one.fact for one in clause.conditions} | {one.fact for one in clause.amount}
    return CompleteClause(clause=clause, facts=tuple(one for one in facts if one.id in used))


def _faults(file: SupportFile) -> Iterator[SupportRefused]:
    if file.format != FORMAT:
        yield SupportRefused(gettext_noop("format: write %(known)s, this version reads no other."), known=FORMAT)
    yield from _doubles("facts", [one.id for one in file.facts])
    yield from _doubles("measures", [one.id for one in file.measures])
    for fact in file.facts:
        if (fact.kind is FactKind.CHOICE) != bool(fact.choices):
            yield SupportRefused(
                gettext_noop("%(where)s: a choice has choices, and other questions have none."), where=fact.id
            )
    facts = {one.id: one for one in file.facts}
    for clause in file.measures:
        yield from _clause_faults(clause)
        yield from _doubles(f"{clause.id}.conditions", [one.id for one in clause.conditions])
        for condition in clause.conditions:
            yield from _condition_faults(f"{clause.id}.{condition.id}", condition, facts)
        for number, part in enumerate(clause.amount, 1):
            yield from _part_faults(f"{clause.id}.amount {number}", part, facts)


def _clause_faults(clause: SupportClause) -> Iterator[SupportRefused]:
    for point in ClausePoint:
        given = getattr(clause, point) not in (None, ())
        if given and point in clause.not_stated:
            yield SupportRefused(
                gettext_noop("%(where)s is given and listed in not_stated: delete one of them."),
                where=f"{clause.id}.{point}",
            )
        if not given and point not in clause.not_stated:
            yield SupportRefused(
                gettext_noop("%(where)s is missing: write it, or list it in not_stated if the source is silent."),
                where=f"{clause.id}.{point}",
            )
    if clause.starts and clause.until and clause.until < clause.starts:
        yield SupportRefused(
            gettext_noop("%(where)s: the last day is before the first: correct one of them."), where=clause.id
        )


def _condition_faults(
    where: str, condition: SupportCondition, facts: dict[str, SupportFact]
) -> Iterator[SupportRefused]:
    if condition.id in list(BuiltInCondition):
        yield SupportRefused(
            gettext_noop("%(where)s: this name is taken by the calculator: choose another."), where=where
        )
    fact = facts.get(condition.fact)
    if fact is None:
        yield _no_fact(where, condition.fact)
        return
    if len(condition.tests) != 1:
        yield SupportRefused(gettext_noop("%(where)s: write exactly one of at_least, at_most, equals."), where=where)
    for name, value in condition.tests.items():
        if name != "equals" and fact.kind not in _COMPARED:
            yield SupportRefused(gettext_noop("%(where)s: yes, no and choices have only equals."), where=where)
            continue
        try:
            read_answer(fact, value)
        except SupportRefused as error:
            yield error


def _part_faults(where: str, part: AmountPart, facts: dict[str, SupportFact]) -> Iterator[SupportRefused]:
    if len(part.scales) != 1:
        yield SupportRefused(gettext_noop("%(where)s: write exactly one of yuan, percent, times."), where=where)
        return
    if part.fact is not None and part.fact not in facts:
        yield _no_fact(where, part.fact)
        return
    kind = facts[part.fact].kind if part.fact is not None else None
    if part.yuan is not None and kind not in (None, FactKind.COUNT):
        yield SupportRefused(gettext_noop("%(where)s: yuan belongs to a count, or to no question."), where=where)
    if part.yuan is None and kind is not FactKind.MONEY:
        yield SupportRefused(gettext_noop("%(where)s: percent and times belong to a question for money."), where=where)


def _no_fact(where: str, key: str) -> SupportRefused:
    return SupportRefused(
        gettext_noop("%(where)s asks for %(fact)s, which is no question of this file: correct the name."),
        where=where,
        fact=key,
    )


def _doubles(where: str, keys: list[str]) -> Iterator[SupportRefused]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield SupportRefused(
                gettext_noop("%(where)s: %(key)s stands there %(count)s times: give each its own id."),
                where=where,
                key=key,
                count=count,
            )


def _shape_faults(error: ValidationError) -> tuple[SupportRefused, ...]:
    """Return one fault for each place: a value of several allowed types has several errors."""
    found: dict[str, SupportRefused] = {}
    errors = error.errors(include_url=False)
    inner = {one["loc"][:end] for one in errors for end in range(len(one["loc"]))}
    for one in errors:
        if one["type"] == "too_short" and one["loc"] in inner:
            continue  # the list is too short because its entry has a fault
        places = [part for part in one["loc"] if part not in _UNION_TAILS]
        where = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in places)
        found.setdefault(where, _shape_fault(where or "file", one))
    return tuple(found.values())


def _shape_fault(where: str, one: Any) -> SupportRefused:
    kind = one["type"]
    if kind == "missing":
        return SupportRefused(gettext_noop("%(where)s is missing: write it."), where=where)
    if kind == "extra_forbidden":
        return SupportRefused(gettext_noop("%(where)s is not known here: correct its name, or delete it."), where=where)
    values = {"where": where, "given": _given(one["input"])}
    if kind == "enum":
        sentence = gettext_noop("%(where)s cannot be %(given)s: write one of %(known)s.")
        return SupportRefused(sentence, **values, known=str(one["ctx"]["expected"]))
    if kind == "string_pattern_mismatch" and one["ctx"]["pattern"] == KEY:
        sentence = gettext_noop("%(where)s cannot be %(given)s: use small letters, digits and underscores, 40 at most.")
    elif kind.startswith("string"):
        sentence = gettext_noop("%(where)s cannot be %(given)s: write one line of 1 to 500 characters.")
    elif kind.startswith("date"):
        sentence = gettext_noop("%(where)s cannot be %(given)s: write a day without quotes, as 2020-02-17.")
    elif kind in _NUMBERS or kind.startswith("decimal"):
        sentence = gettext_noop(
            "%(where)s cannot be %(given)s: write a number without a sign, as 1000 or 0.05; yuan have two decimals."
        )
    elif kind in ("too_long", "too_short"):
        sentence = gettext_noop("%(where)s has too many entries, or none: correct the list.")
        values.pop("given")
    else:
        sentence = gettext_noop("%(where)s cannot be %(given)s: look at the sample file for its form.")
    return SupportRefused(sentence, **values)


def _given(value: object) -> str:
    """Return a given value in quotes; Python refuses to write huge numbers."""
    try:
        return shown(value)
    except ValueError:
        return "…"


def _cut(error: Exception) -> str:
    return str(error)[:200].rstrip(".")


def _refused(text: str, **values: object) -> SupportFileRefused:
    return SupportFileRefused((SupportRefused(text, **values),))
