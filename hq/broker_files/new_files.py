"""Write files and overwrite none: what differs from an existing file is written beside it."""

from pathlib import Path

from common import private_files
from hq.broker_files.access_list import BrokerFilesRefused

NEW = ".new"


class NewFiles:
    """`made`: files that were written. `beside`: files that differ and stay, with the new content in NAME.new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[Path] = []
        self.beside: list[Path] = []

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None if there is none. Raises OSError."""
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    def put(self, name: str, content: bytes) -> None:
        """Write a file for its owner alone. Raises BrokerFilesRefused, OSError."""
        path = self.folder / name
        if (held := self.read(name)) == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=private_files.FOLDER_OF_OWNER)
        if held is not None:
            self.beside.append(path)
            path = path.with_name(f"{path.name}{NEW}")
            if path.exists() and path.read_bytes() != content:
                raise BrokerFilesRefused(
                    f"{path} is there from an earlier time: use it or remove it, then type this again"
                )
            if path.exists():
                return
        private_files.write_new(path, content)
        self.made.append(path)
