"""How well the matcher recognises, measured on a folder of photos."""
