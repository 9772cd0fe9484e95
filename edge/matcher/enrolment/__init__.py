"""From photos or the camera to templates and a request."""
