"""Awaits ports, asks core, decides nothing itself."""
