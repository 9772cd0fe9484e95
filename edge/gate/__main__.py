"""`python -m edge.gate CONFIG-JSON HISTORY`: set the relays to locked and let go of them. Run by the warden."""

import sys
from pathlib import Path

from edge.config import GateConfig
from edge.gate import lock_relays

if __name__ == "__main__":
    lock_relays(GateConfig.model_validate_json(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
