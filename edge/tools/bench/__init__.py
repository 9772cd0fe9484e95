"""How fast: face to relay, events, lists, codes and cards, fire and exit."""
