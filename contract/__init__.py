"""What gates and HQ say to each other. Imports nothing else of this project."""
