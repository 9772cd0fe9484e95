"""Paths of the processes' files below the state folder: one folder for each process that writes.

Only its own process can make, rename or write files in a folder; the others read. Names are relative to `[paths]
state_dir`.
"""

GATE, SYNC, DESK_FOLDER = "gate", "sync", "desk"
"""Folders of the gate process, the sync process, and local requests. sync does not see the last one."""

JOURNAL = f"{GATE}/journal.db"
SCORES = f"{GATE}/scores.db"
PIN_HISTORY = f"{GATE}/pins.jsonl"
"""History of the mock pins."""
CUT_NOTES = f"{GATE}/pulse-cuts.jsonl"
"""Notes of the second guard, for the gate process to journal at its next start."""
RELAY = f"{GATE}/relay.json"
"""The relay's pins at the last start. `sitegate lock` needs them when the configuration is not readable."""
RESERVE = f"{GATE}/journal.reserve"
"""Disk space that only the journal may use."""
GATE_KEY, GATE_KEY_PUBLIC = f"{GATE}/gate-signing.key.pem", f"{GATE}/gate-signing.pub.pem"
"""The key that proves to HQ what the gate process wrote."""

REPLICA = f"{SYNC}/replica.db"
PRESENCE_LIST, PRESENCE_CHANGES = f"{SYNC}/presence.list", f"{SYNC}/presence.changes"
"""HQ's newest presence list, as it was signed: the whole list, and what changed since."""
HOME_ASSISTANT = f"{SYNC}/home-assistant.topic"
"""The topic of this gate's message for Home Assistant."""
LINK_KEY, LINK_KEY_PUBLIC = f"{SYNC}/link-signing.key.pem", f"{SYNC}/link-signing.pub.pem"
"""The key that proves to HQ what the sync process sends."""

DESK = f"{DESK_FOLDER}/desk.db"
"""In a separate folder that the network process does not see: who writes there can ask the gate to open."""
