"""Parses and prints; one file a verb."""
