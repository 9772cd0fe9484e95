"""Try the gate without its hardware: the real loop, lists and pages, with a simulated camera, card reader and relay."""
