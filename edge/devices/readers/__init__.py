"""Credential readers: QR codes in the camera's frames, and readers that type like a keyboard."""
