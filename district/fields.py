"""Django model fields that are encrypted in the database."""

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from district.encryption import FieldCipher, read_key


@cache
def cipher() -> FieldCipher:
    """Return the cipher of this district's key file. Raises FieldKeyError."""
    folder: Path | None = settings.FIELD_KEY_FOLDER
    return read_key(folder) if folder else FieldCipher(settings.FIELD_KEY or b"")


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """A text that only this program can read. It cannot be searched: keep an `index_of` in a second column for
    that.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("editable", True)
        super().__init__(*args, **options)

    @property
    def _place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt; "" stays empty, so that an empty field shows nothing."""
        sealed = cipher().encrypt(value, self._place) if isinstance(value, str) and value else b""
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str:
        """Decrypt. Raises FieldKeyError."""
        return cipher().decrypt(bytes(value), self._place) if value else ""

    def get_default(self) -> Any:
        """Return the text of a new object."""
        return "" if not self.has_default() else super().get_default()

    def to_python(self, value: Any) -> Any:
        """Leave the text as it is; a form gives text."""
        return value

    def formfield(self, *args: Any, **options: Any) -> Any:
        """Return a text field for forms."""
        from django import forms

        return forms.CharField(
            required=not self.blank, label=options.get("label", self.verbose_name), help_text=self.help_text
        )


def index_of(model: type[models.Model], column: str, text: str) -> str:
    """Return the keyed index of a text for one column; "" for an empty text."""
    return cipher().index(text, f"{model._meta.db_table}.{column}") if text else ""
