"""Imports of sheets: columns guessed and shown, every problem by row, and all of it applied or nothing."""
