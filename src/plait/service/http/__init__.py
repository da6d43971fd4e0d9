"""The coordinator over HTTP: JSON in and out, events as a stream, every error as a problem."""
