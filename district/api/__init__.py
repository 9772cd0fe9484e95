"""The API and webhooks for other programs."""
