"""The journal as the pages see it: followed live, summed up, and put into words."""
