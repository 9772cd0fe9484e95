"""Open HQ's verified lists, for the gate process and for commands that only read."""

from contract.keyring import OpeningKeys, TrustedKeys
from edge.app.state_folders import REPLICA
from edge.core.config import Config
from edge.core.layout import GATE
from edge.replica.reader import ReplicaReader
from edge.storage import isolated_reader
from edge.storage.high_water import HighWater
from edge.system.key_files import credential


def open_roster(config: Config, high_water: HighWater | None = None, *, apart: bool = False) -> ReplicaReader:
    """Open HQ's lists as the gate verifies them. Raises BadKey.

    `high_water`: the gate process's own marks; others only read them. `apart`: read the file in a separate process,
    which may hang or die (`edge.storage.isolated_reader`).
    """
    path = config.paths.state_dir / REPLICA
    return ReplicaReader(
        path,
        config.site,
        TrustedKeys(config.keys.hq_signing_public_path),
        OpeningKeys(credential(config.keys.site_private_path)),
        guard=high_water or HighWater(config.paths.state_dir / GATE, writes=False),
        reader=isolated_reader.IsolatedReader(path) if apart else None,
    )
