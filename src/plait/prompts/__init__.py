"""Prompts are files: `*.md` beside this module, or a repository's own in `.plait/prompts/`."""
