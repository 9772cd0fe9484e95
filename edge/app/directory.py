"""Open the names of the site's people, for the screen process alone."""

from contract.keyring import OpeningKeys, TrustedKeys
from edge.app.state_folders import REPLICA
from edge.core.config import Config
from edge.replica.directory import DirectoryKeys, DirectoryReader
from edge.system.key_files import credential


def open_directory(config: Config) -> DirectoryReader:
    """Open the site's names. Keys may come later."""

    def open_keys() -> DirectoryKeys:
        trusts = TrustedKeys(config.keys.hq_signing_public_path)
        return DirectoryKeys(trusts, OpeningKeys(credential(config.keys.screen_private_path)))

    return DirectoryReader(config.paths.state_dir / REPLICA, config.site.site_id, open_keys)
