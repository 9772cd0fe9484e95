"""What goes to the gates and what comes from them; `district.wire` carries it."""
