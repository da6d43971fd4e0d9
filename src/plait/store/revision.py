"""The newest migration's number, apart from the tables, so that naming it costs nothing."""

HEAD_REVISION = "0006"
