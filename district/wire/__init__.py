"""The only door to HQ: nothing else of the district imports `hq`."""

from district.wire.door import HqDoor as HqDoor
from district.wire.matching import FaceMatching as FaceMatching
from district.wire.matching import JudgedPhoto as JudgedPhoto
from district.wire.matching import PhotoToJudge as PhotoToJudge
from district.wire.records import GateReceipt as GateReceipt
from district.wire.records import HqAway as HqAway
from district.wire.records import HqGate as HqGate
from district.wire.records import HqRefused as HqRefused
from district.wire.records import HqRiskEntry as HqRiskEntry
from district.wire.records import HqRiskLift as HqRiskLift
from district.wire.records import HqSite as HqSite
from district.wire.records import HqSiteDates as HqSiteDates
from district.wire.records import HqWorker as HqWorker
from district.wire.records import HqWorkerState as HqWorkerState
from hq.feed import FeedEntry as FeedEntry
from hq.feed import FeedKind as FeedKind
from hq.feed import FeedLag as FeedLag
from hq.feed import FeedPage as FeedPage
