"""Figures of each day and place: day tables, the picture of a part of the tree, the daily report."""
