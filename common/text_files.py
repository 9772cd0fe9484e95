"""Reads text files that people write: Notepad and PowerShell begin them with a byte order mark, or save UTF-16."""

import codecs
from pathlib import Path

_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotUtf8(ValueError):
    """A text file that is not UTF-8. The text says what to do; the caller puts the file's name before it."""


def text_of(data: bytes) -> str:
    """Decode UTF-8 with or without a byte order mark. Raises NotUtf8."""
    if data.startswith(_OTHER_MARKS) or b"\x00" in data[:4]:
        raise NotUtf8("is saved as UTF-16: save it as UTF-8")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotUtf8(f"is not UTF-8 (line {line} has another encoding, GBK perhaps): save it as UTF-8") from error


def read_text(path: Path) -> str:
    """Read a whole file, and decode it. Line ends become line feeds. Raises OSError, NotUtf8."""
    return text_of(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
