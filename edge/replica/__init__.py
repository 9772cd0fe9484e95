"""HQ's lists on this disk: written by sync, verified and read by the gate process, summarised for the screen."""
