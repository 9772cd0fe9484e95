"""The gate's local web pages: the lane for the worker, the overview for the manager, metrics."""
