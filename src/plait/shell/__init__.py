"""Shell text read into the plain tree of `core.guardrails.script`, by tree-sitter's grammar."""

from plait.shell.reading import parse

__all__ = ["parse"]
