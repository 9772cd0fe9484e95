"""[journal] and [disk]: how long events stay, and what happens on a full disk."""

from pydantic import Field, model_validator

from edge.core.config.section import ConfigSection


class JournalConfig(ConfigSection):
    """The event journal."""

    keep_days: float = Field(default=30, ge=0, le=3650, description="Events that HQ holds stay here for this time.")
    budget_mb: int = Field(
        default=1_000,
        ge=16,
        le=1_000_000,
        description="A larger journal keeps only 7 days of events that HQ holds. Other events always stay.",
    )


class DiskConfig(ConfigSection):
    """What the gate does when the disk with its state folder fills up (docs/OPERATIONS.md, Disk)."""

    low_mb: int = Field(default=1_000, ge=1, le=1_000_000, description="Less free space raises an alarm.")
    very_low_mb: int = Field(
        default=500, ge=1, le=1_000_000, description="Less: diagnostics stop, the journal shrinks."
    )
    critical_mb: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Less: only events are written; the gate admits nobody if HQ's policy says so.",
    )
    reserve_mb: int = Field(
        default=16, ge=1, le=1_024, description="Disk space reserved for events (journal.reserve), in MiB."
    )
    warn_days: float = Field(
        default=7,
        ge=0,
        le=365,
        description="Report when disk or budget_mb will be full within this many days; 0: never.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "DiskConfig":
        problems = [
            f"{more} is {getattr(self, more)}, not more than {less} = {getattr(self, less)}: its step would never come"
            for more, less in (("low_mb", "very_low_mb"), ("very_low_mb", "critical_mb"))
            if getattr(self, more) <= getattr(self, less)
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self
