"""HQ's lists as the gate believes them: for the gate process and for commands that look."""

from contract.keyring import OpeningKeys, TrustedKeys
from edge.app.files import REPLICA
from edge.config import Config
from edge.credentials import credential
from edge.sync.roster import ReplicaReader


def open_roster(config: Config) -> ReplicaReader:
    """HQ's lists as the gate believes them. Raises BadKey."""
    return ReplicaReader(
        config.paths.state_dir / REPLICA,
        config.site,
        TrustedKeys(config.keys.hq_signing_public_path),
        OpeningKeys(credential(config.keys.site_private_path)),
    )
