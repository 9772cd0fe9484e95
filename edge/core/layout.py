"""Where the processes' files lie below the state folder: a folder for each process that writes.

Only its own process can make, rename or write files in such a folder; the others read. Names are relative to
`[paths] state_dir`.
"""

GATE, SYNC, DESK_FOLDER = "gate", "sync", "desk"
"""The gate process's, the sync process's, and the requests of people at the gate, which sync does not see."""

JOURNAL = f"{GATE}/journal.db"
SCORES = f"{GATE}/scores.db"
PIN_HISTORY = f"{GATE}/pins.jsonl"
"""What mock pins did."""
CUT_NOTES = f"{GATE}/pulse-cuts.jsonl"
"""What the second pulse guard did, for the gate process to journal at its next start."""
RELAY = f"{GATE}/relay.json"
"""The relay's pins as the last gate process knew them: `sitegate lock` needs them when the configuration cannot be read."""
RESERVE = f"{GATE}/journal.reserve"
"""Room on the disk that only the journal may use."""
GATE_KEY, GATE_KEY_PUBLIC = f"{GATE}/gate-signing.key.pem", f"{GATE}/gate-signing.pub.pem"
"""The key by which HQ knows what the gate process wrote."""

REPLICA = f"{SYNC}/replica.db"
HOME_ASSISTANT = f"{SYNC}/home-assistant.topic"
"""Where the broker keeps this gate's message for Home Assistant."""
LINK_KEY, LINK_KEY_PUBLIC = f"{SYNC}/link-signing.key.pem", f"{SYNC}/link-signing.pub.pem"
"""The key by which HQ knows what the sync process says."""

DESK = f"{DESK_FOLDER}/desk.db"
"""In a folder of its own, which the process with the network does not see: who writes there can ask the gate to open."""
