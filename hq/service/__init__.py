"""The HQ process."""

from hq.service.service import POLL_S as POLL_S
from hq.service.service import HqService as HqService
