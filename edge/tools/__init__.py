"""What people run, and the gate never does: measurements, evaluation, stories, commissioning, the demo."""
