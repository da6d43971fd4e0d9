"""The coordinator's two faces, HTTP and MCP: made from the descriptions of its verbs.

They add nothing to what a verb does. What they know of a caller comes from a token and from a
session's credential; what runs there are they see through `Runs`.
"""
