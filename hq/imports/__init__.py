"""Import people and rules from files: read sheets, plan what changes, show it, apply it whole or not at all."""
