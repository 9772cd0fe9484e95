"""Who the workers of the site are, for the pages: names, what stands against them, and who is inside."""
