"""HQ's tables and every statement on them. Other rooms call functions."""
