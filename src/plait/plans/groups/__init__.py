"""Lists in task groups, as Droidz and agent-os write them, with the orchestration beside them."""
