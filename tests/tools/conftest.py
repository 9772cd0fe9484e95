"""The same broker, site and stranger as in tests/sync."""

from sync_fixtures import broker as broker
from sync_fixtures import rig as rig
from sync_fixtures import stranger as stranger
