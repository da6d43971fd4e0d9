"""The coordinator over the Model Context Protocol: tools, resources and prompts from its verbs."""
