"""Plait turns an approved plan into a landed, tested branch by running many agents at once."""

__version__ = "0.1.0"
