"""What HQ does in a story: commands, and lists that are published again."""

from typing import Any

from pydantic import Field, field_validator

from contract.messages import CommandAction, Id, PolicySnapshot, WorkerRecord
from edge.tools.stories.line import Step, known_keys
from edge.tools.stories.played_gate import PlayedGate, SentCommand


class CommandStep(Step):
    """HQ sends a command. The same `id` with the same times is the same message again."""

    command: CommandAction
    id: Id = "c1"
    gate: Id | None = None
    """Addressed to another gate."""
    issued_at: float | None = Field(default=None, ge=-1e8, le=1e8)
    """Seconds after the story's beginning; may be negative. Not given: now."""
    valid_s: float = Field(default=30, gt=0, le=1e8)
    signed: bool = True
    kept_at_broker: bool = False
    by: str = "manager-7"
    why: str = "delivery"

    def play(self, gate: PlayedGate) -> None:
        gate.hq.command(
            SentCommand(
                command_id=self.id,
                gate_id=self.gate,
                action=self.command,
                issued_utc=gate.utc_at(self.at if self.issued_at is None else self.issued_at),
                valid_s=self.valid_s,
                issued_by=self.by,
                why=self.why,
                signed=self.signed,
                kept_at_broker=self.kept_at_broker,
            )
        )


class RosterStep(Step):
    """HQ publishes the roster again, with one worker changed."""

    worker: str
    becomes: dict[str, Any] = Field(min_length=1)
    version: int | None = None
    """Not given: the next one."""
    signed: bool = True

    @field_validator("becomes")
    @classmethod
    def _known(cls, becomes: dict[str, Any]) -> dict[str, Any]:
        return known_keys(becomes, WorkerRecord)

    def play(self, gate: PlayedGate) -> None:
        gate.hq.change_worker(self.worker, self.becomes)
        gate.hq.publish_roster(signed=self.signed, version=self.version)


class RiskStep(Step):
    """HQ publishes the risk list again: who is on which list."""

    risk_list: dict[str, str]
    version: int | None = None
    signed: bool = True

    def play(self, gate: PlayedGate) -> None:
        gate.hq.risks = dict(self.risk_list)
        gate.hq.publish_risk(signed=self.signed, version=self.version)


class PolicyStep(Step):
    """HQ publishes the policy again, with these keys changed."""

    policy: dict[str, Any]
    version: int | None = None
    signed: bool = True

    @field_validator("policy")
    @classmethod
    def _known(cls, policy: dict[str, Any]) -> dict[str, Any]:
        return known_keys(policy, PolicySnapshot)

    def play(self, gate: PlayedGate) -> None:
        gate.hq.policy |= self.policy
        gate.hq.publish_policy(signed=self.signed, version=self.version)
