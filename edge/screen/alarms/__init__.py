"""What a guard must act on: alarms, refusals and the lock-down."""
