"""The tree from district to site, enterprises, and the officers of each."""
