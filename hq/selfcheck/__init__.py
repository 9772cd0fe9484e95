"""`sitegate-hq check`: is this HQ ready? One question per function; none changes or publishes anything."""

from hq.selfcheck.run import ask_all as ask_all
