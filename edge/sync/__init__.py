"""The gate's only contact with the network: events up, lists and commands down."""
