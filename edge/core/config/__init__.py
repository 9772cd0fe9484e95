"""The gate's configuration: one TOML file with frozen values. Each key has bounds, a description and its unit in its
name.

An unknown key is an error with a suggestion. All errors are reported at once. Secrets are `SecretStr` and never
printed. `edge.commands.config` writes the commented file from the descriptions.
"""

from edge.core.config.camera import CameraConfig
from edge.core.config.decision import DecisionConfig, ReaderConfig, TemperatureConfig
from edge.core.config.document import SIZE_MAX, Config, load, parse
from edge.core.config.gate import GateConfig, IndicatorConfig
from edge.core.config.liveness import (
    LIVENESS_ADVISED,
    LIVENESS_MODES,
    NOT_CHOSEN,
    PHOTOS_LET_IN,
    LivenessConfig,
    LivenessMode,
)
from edge.core.config.matcher import FPIR_TARGET, MatcherConfig
from edge.core.config.network import HomeAssistantConfig, ScreenConfig, SyncConfig
from edge.core.config.section import ConfigError, ConfigSection, Pin
from edge.core.config.site import KeysConfig, PathsConfig, SiteConfig
from edge.core.config.storage import DiskConfig, JournalConfig

__all__ = [
    "FPIR_TARGET",
    "LIVENESS_ADVISED",
    "LIVENESS_MODES",
    "NOT_CHOSEN",
    "PHOTOS_LET_IN",
    "SIZE_MAX",
    "CameraConfig",
    "Config",
    "ConfigError",
    "ConfigSection",
    "DecisionConfig",
    "DiskConfig",
    "GateConfig",
    "HomeAssistantConfig",
    "IndicatorConfig",
    "JournalConfig",
    "KeysConfig",
    "LivenessConfig",
    "LivenessMode",
    "MatcherConfig",
    "PathsConfig",
    "Pin",
    "ReaderConfig",
    "ScreenConfig",
    "SiteConfig",
    "SyncConfig",
    "TemperatureConfig",
    "load",
    "parse",
]
