"""From a frame to vectors: detection, landmarks, alignment, quality, embedding."""
