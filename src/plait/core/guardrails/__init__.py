"""Guardrails: what a shell's text would do, and whether whoever wants to run it may.

A seat belt, not the wall: what an agent can reach is held by its sandbox, and what lands by the
judgement of the commit. It reads a text as the shell does, and knows what well-known programs
lose, overwrite, show, deploy or publish; what a program of the repository's own does it cannot
know.
"""
