"""Workers, gates, approvals: what HQ knows of people and gates."""
