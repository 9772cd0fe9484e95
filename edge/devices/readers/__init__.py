"""Other ways in than the face: QR codes in the camera's frames, and readers that type like a keyboard."""
