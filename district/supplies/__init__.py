"""What sites declare each day of people and supplies; surplus for shortage; commitments and spot checks."""
