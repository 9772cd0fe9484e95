"""What both commands share: printing, errors, ids and paths that people type, pauses, child processes."""
