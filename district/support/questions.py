"""The questions of all measures in force as one short form."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy

from district.support.models import SupportMeasure
from district.support.prefill import KnownAnswers
from district.support.rules.answers import Answer, read_answer
from district.support.rules.clauses import FactKind, SupportFact
from district.support.rules.refusals import SupportRefused

_YES_NO = (("", "–"), ("yes", pgettext_lazy("support", "yes")), ("no", pgettext_lazy("support", "no")))


@dataclass(frozen=True)
class SupportQuestion:
    """One question of the form, which several measures may share."""

    name: str
    fact: SupportFact


def questions_of(measures: Sequence[SupportMeasure]) -> dict[str, dict[str, SupportQuestion]]:
    """Return the questions of each measure by fact. Files that ask differently under one id get two questions."""
    asked: dict[str, SupportFact] = {}
    found: dict[str, dict[str, SupportQuestion]] = {}
    for measure in measures:
        for fact in measure.whole.facts:
            name = fact.id if asked.setdefault(fact.id, fact) == fact else f"{measure.key}-{fact.id}"
            found.setdefault(measure.key, {})[fact.id] = SupportQuestion(name, fact)
    return found


class AnswerField(forms.CharField):
    """One answer. An empty one stays open: the result then says that it is missing."""

    def __init__(self, fact: SupportFact, **options: Any) -> None:
        """`fact`: the question."""
        self.fact = fact
        super().__init__(
            label=SupportMeasure.in_language(fact.question),
            required=False,
            max_length=60,
            widget=_widget(fact),
            **options,
        )

    def clean(self, value: Any) -> Any:
        """Return the exact answer, or None without one. Raises ValidationError."""
        text = _plain(super().clean(value))
        if not text:
            return None
        given: object = {"yes": True, "no": False}.get(text, text) if self.fact.kind is FactKind.YES_NO else text
        try:
            return read_answer(self.fact, given)
        except SupportRefused as error:
            values = {**error.values, "fact": self.label}
            raise ValidationError(gettext(error.text) % values) from error


class AnswersForm(forms.Form):
    """The questions of the measures in force, prefilled from the registry and from the last application."""

    def __init__(
        self,
        measures: Sequence[SupportMeasure],
        known: KnownAnswers,
        last: Mapping[str, object],
        *args: Any,
        **options: Any,
    ) -> None:
        """`last`: answers of the enterprise's earlier applications, as they are stored."""
        super().__init__(*args, **options)
        self.by_measure = questions_of(measures)
        for question in {one.name: one for asked in self.by_measure.values() for one in asked.values()}.values():
            fact, initial, note = question.fact, None, ""
            from_registry = known.answers((fact,)).get(fact.id)
            if from_registry is not None:
                initial, note = _typed(from_registry), gettext("From the registry. Correct it if it is wrong.")
            elif fact.id in last:
                initial, note = _typed(last[fact.id]), gettext("From an earlier application.")
            self.fields[question.name] = AnswerField(fact, initial=initial, help_text=note)

    def of_measure(self, key: str) -> dict[str, Answer]:
        """Return the answers for one measure by fact, after `is_valid`."""
        asked = self.by_measure.get(key, {})
        given = {fact: self.cleaned_data.get(one.name) for fact, one in asked.items()}
        return {fact: value for fact, value in given.items() if value is not None}


def _plain(text: str) -> str:
    """Return what a careless hand means: full-width digits, separators and the word for yuan."""
    plain = unicodedata.normalize("NFKC", text).strip()
    bare = plain.replace(",", "").replace(" ", "").removesuffix("元").removesuffix("辆").removesuffix("人")
    return bare if bare.replace(".", "", 1).isdecimal() else plain


def _typed(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _widget(fact: SupportFact) -> forms.Widget:
    match fact.kind:
        case FactKind.YES_NO:
            return forms.Select(choices=_YES_NO)
        case FactKind.CHOICE:
            chosen = [(key, SupportMeasure.in_language(words)) for key, words in fact.choices.items()]
            return forms.Select(choices=[("", "–"), *chosen])
        case FactKind.DAY:
            return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        case _:
            mode = "decimal" if fact.kind is FactKind.MONEY else "numeric"
            return forms.TextInput(attrs={"inputmode": mode, "autocomplete": "off"})
