"""Progress boards outside that are told how a run goes."""
