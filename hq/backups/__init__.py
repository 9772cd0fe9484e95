"""Copies of HQ's database and folder: encrypted backups, restores, moves to another database."""
