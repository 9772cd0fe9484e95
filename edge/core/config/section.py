"""Parts that all sections of the configuration share."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from common.terminal.text import visible

Pin = Annotated[int, Field(ge=0, le=27)]


class ConfigError(ValueError):
    """All errors of a configuration, one line per problem in `problems`."""

    def __init__(self, path: Path | None, problems: list[str]) -> None:
        self.problems = problems
        where = str(path) if path else "the configuration"
        super().__init__(f"{where}: {len(problems)} problem(s)\n" + "\n".join(f"  - {visible(p)}" for p in problems))


class ConfigSection(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")
