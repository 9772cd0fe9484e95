"""What gates and HQ say to each other, and what their commands share. Imports nothing else of this project."""
