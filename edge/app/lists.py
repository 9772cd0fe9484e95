"""HQ's lists as the gate believes them: for the gate process and for commands that look."""

from contract.signing import read_sealing_private, read_signing_public
from edge.app.files import REPLICA
from edge.config import Config
from edge.sync.roster import ReplicaReader


def open_roster(config: Config) -> ReplicaReader:
    """HQ's lists as the gate believes them. Raises BadKey."""
    return ReplicaReader(
        config.paths.state_dir / REPLICA,
        config.site,
        read_signing_public(config.keys.hq_signing_public_path),
        read_sealing_private(config.keys.site_private_path),
    )
