"""The site's own scores: history, threshold proposal, drift."""
