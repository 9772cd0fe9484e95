"""From a frame to an identification: detect, align, embed, search, vote."""
