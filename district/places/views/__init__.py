"""Pages of places, enterprises, sites and those in charge."""
