"""Support measures for enterprises: data files, their calculator, and the applications."""
