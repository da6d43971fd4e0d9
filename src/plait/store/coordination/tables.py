"""The coordinator's further tables: handoffs, memories, and how memories are searched.

Beside the tables of `store.schema`, in the same metadata and under the same rules.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.event import listen

from plait.store.schema import metadata

# What whoever comes next has to know. Lists are JSON text.
handoff = Table(
    "handoff",
    metadata,
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("occasion", String, nullable=False),
    Column("agent", Text, nullable=False),
    Column("session", String, nullable=False),
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("summary", Text, nullable=False),
    Column("completed_work", Text, nullable=False),
    Column("in_progress", Text, nullable=False),
    Column("decisions", Text, nullable=False),
    Column("next_steps", Text, nullable=False),
    Column("relevant_files", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("ix_handoff_run_number", "run", "number"),
)

# What is remembered; `text` is what is searched, `digest` tells the same again.
memory = Table(
    "memory",
    metadata,
    Column("number", Integer, autoincrement=False, nullable=False),
    Column("kind", String, nullable=False),
    Column("event", String, nullable=False),
    Column("summary", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("lessons", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("cue", Text, nullable=False),
    Column("steps", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("session", String, nullable=False),
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("source", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("ix_memory_kind_updated_at", "kind", "updated_at"),
)
# What an agent asked for beyond its scope: which of the run's requests that is.
scope_ask = Table(
    "scope_ask",
    metadata,
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("session", String, nullable=False),
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("paths", Text, nullable=False),
    Column("request", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("ix_scope_ask_run_package", "run", "package"),
)
# Ports that sessions have, as long as they last.
port_lease = Table(
    "port_lease",
    metadata,
    Column("port", Integer, autoincrement=False, nullable=False),
    Column("session", String, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("name", String, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("port"),
)
# What sessions ask people about runs; `answered_at` is 0 as long as nobody has answered.
question = Table(
    "question",
    metadata,
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("session", String, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("answered_at", Double, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("ix_question_run_answered_at", "run", "answered_at"),
)

# How far sessions say that work is: the last word of each on each piece of it.
progress = Table(
    "progress",
    metadata,
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("session", String, nullable=False),
    Column("agent", Text, nullable=False),
    Column("run", String, nullable=False, index=True),
    Column("package", String, nullable=False),
    Column("task", String, nullable=False),
    Column("percent", Integer),
    Column("message", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("number"),
)
# Features that are worked on outside of runs, and what they claim.
feature = Table(
    "feature",
    metadata,
    Column("id", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("session", String, nullable=False),
    Column("run", String, nullable=False),
    Column("paths", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("until", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("id"),
)
NOTE_NUMBER = "note_number"  # the counter's name: of handoffs, memories and messages

# The words of memories, as each database searches them. SQLite's table of words follows the
# table by triggers, so that whoever writes a row, a copy too, need not know of it. Where SQLite
# was built without FTS5 there is none, and memories are searched row by row.
WORDS = "memory_words"
SQLITE_WORDS = (
    "CREATE VIRTUAL TABLE memory_words USING fts5("
    "text, content='memory', content_rowid='number', tokenize='porter unicode61')",
    "CREATE TRIGGER memory_words_added AFTER INSERT ON memory BEGIN"
    " INSERT INTO memory_words (rowid, text) VALUES (new.number, new.text); END",
    "CREATE TRIGGER memory_words_gone AFTER DELETE ON memory BEGIN"
    " INSERT INTO memory_words (memory_words, rowid, text)"
    " VALUES ('delete', old.number, old.text); END",
    "CREATE TRIGGER memory_words_changed AFTER UPDATE OF text ON memory BEGIN"
    " INSERT INTO memory_words (memory_words, rowid, text)"
    " VALUES ('delete', old.number, old.text);"
    " INSERT INTO memory_words (rowid, text) VALUES (new.number, new.text); END",
)
POSTGRES_WORDS = (
    "CREATE INDEX ix_memory_words ON memory USING gin (to_tsvector('english', text))",
)


def has_words(connection: Connection) -> bool:
    """Whether this database has what full-text search takes."""
    if connection.dialect.name != "sqlite":
        return True
    asked = text("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'")
    return bool(connection.execute(asked).scalar_one())


def _if_it_can(
    _ddl: Any, _target: Any, bind: Connection | None, *_given: Any, **_named: Any
) -> bool:
    return bind is not None and bind.dialect.name == "sqlite" and has_words(bind)


for _statement in SQLITE_WORDS:
    _words = DDL(_statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    listen(memory, "after_create", _words.execute_if(callable_=_if_it_can))  # type: ignore[arg-type]
for _statement in POSTGRES_WORDS:
    _words = DDL(_statement)  # type: ignore[no-untyped-call]
    listen(memory, "after_create", _words.execute_if(dialect="postgresql"))
