"""HQ's errors, in the two kinds that the district knows."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.ids import NoId
from contract.signing import BadKey
from district.wire.records import HqAway, HqRefused
from hq import config as hq_config
from hq.database.errors import StoreError
from hq.keys.encryption import AtRestError
from hq.registry.credentials import BadCredential
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.known_sites import SiteRefused
from hq.registry.risks import RiskRefused


@contextmanager
def plainly() -> Iterator[None]:
    """Turn HQ's errors into the two that the district knows."""
    try:
        yield
    except (EnrolmentRefused, SiteRefused, RiskRefused, BadCredential, NoId) as error:
        raise HqRefused(str(error)) from error
    except (hq_config.HqConfigError, StoreError, AtRestError, BadKey, OSError) as error:
        raise HqAway(str(error)) from error
