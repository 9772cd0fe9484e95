"""Forms of the import pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.sheets.columns import letter
from common.sheets.opening import SHEETS
from district.imports.importer import Importer
from district.imports.reading import UPLOAD_MAX, OpenedSheet


class SheetUploadForm(forms.Form):
    """A sheet to import."""

    file = forms.FileField(
        label=_("Sheet"),
        help_text=_("An .xlsx or .csv file with one row of headings. Nothing is changed before you confirm it."),
        widget=forms.FileInput(attrs={"accept": ",".join(SHEETS)}),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too big before it is read."""
        file = self.cleaned_data["file"]
        if file.size > UPLOAD_MAX:
            raise ValidationError(_("The file has more than %(most)s MB: split it."), params={"most": UPLOAD_MAX >> 20})
        return file


class SheetChoiceForm(forms.Form):
    """Which sheet of a workbook."""

    sheet = forms.ChoiceField(label=_("Sheet of the workbook"))

    def __init__(self, sheets: Sequence[str], *args: Any, **options: Any) -> None:
        """`sheets`: the names to choose from."""
        super().__init__(*args, **options)
        choice = self.fields["sheet"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(name, name) for name in sheets]


class ColumnsForm(forms.Form):
    """Which column holds which field. Choices are letters: headings may be the same."""

    def __init__(self, importer: type[Importer], opened: OpenedSheet, *args: Any, **options: Any) -> None:
        """Begin with what was guessed."""
        super().__init__(*args, **options)
        choices = [("", gettext("– not in the sheet –"))]
        for position, text in enumerate(opened.headings.texts):
            sample = opened.samples_of(position)
            name = f"{letter(position)}  {text}" + (f"  ({sample})" if sample else "")
            choices.append((letter(position), name))
        needed = opened.subject.columns_needed
        for one in importer.fields:
            key, index = one.column.key, opened.guess.columns.get(one.column.key)
            self.fields[key] = forms.ChoiceField(
                label=one.label,
                choices=choices,
                required=key in needed,
                initial="" if index is None else letter(index),
                help_text=str(one.note),
                error_messages={"required": _("Choose the column. Each row needs this.")},
            )

    def clean(self) -> dict[str, Any]:
        """Refuse one column for two fields."""
        chosen: dict[str, str] = {}
        for key, column in tuple(self.cleaned_data.items()):
            if column and column in chosen:
                text = _("This column is chosen for %(other)s already.")
                other = self.fields[chosen[column]].label
                self.add_error(key, ValidationError(text, params={"other": other}))
            chosen.setdefault(column, key)
        return self.cleaned_data
