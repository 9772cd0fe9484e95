"""What both commands, `sitegate` and `sitegate-hq`, share: how they print, and how they tell an error. Imports nothing of ours."""
