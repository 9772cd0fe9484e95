"""Events in: who may send, in order, once."""
