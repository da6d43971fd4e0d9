"""What the coordinator notes: handoffs, memories, requests, questions, ports, features.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WORDS = {
    "sqlite": (
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
    ),
    "postgresql": (
        "CREATE INDEX ix_memory_words ON memory USING gin (to_tsvector('english', text))",
    ),
}


def upgrade() -> None:
    """Bring a database of revision 0005 to this revision."""
    op.execute("INSERT INTO counter (name, value) VALUES ('note_number', 0)")
    op.create_table(
        "handoff",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("occasion", sa.String, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("completed_work", sa.Text, nullable=False),
        sa.Column("in_progress", sa.Text, nullable=False),
        sa.Column("decisions", sa.Text, nullable=False),
        sa.Column("next_steps", sa.Text, nullable=False),
        sa.Column("relevant_files", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_handoff")),
    )
    op.create_index("ix_handoff_run_number", "handoff", ["run", "number"])
    op.create_table(
        "scope_ask",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_scope_ask")),
    )
    op.create_index("ix_scope_ask_run_package", "scope_ask", ["run", "package"])
    op.create_table(
        "port_lease",
        sa.Column("port", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("port", name=op.f("pk_port_lease")),
    )
    op.create_index(op.f("ix_port_lease_session"), "port_lease", ["session"])
    _messages()
    _memories()


def _messages() -> None:
    op.create_table(
        "question",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("answered_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_question")),
    )
    op.create_index(op.f("ix_question_session"), "question", ["session"])
    op.create_index("ix_question_run_answered_at", "question", ["run", "answered_at"])
    op.create_table(
        "progress",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("percent", sa.Integer),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_progress")),
    )
    op.create_index(op.f("ix_progress_run"), "progress", ["run"])
    op.create_table(
        "feature",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature")),
    )


def _memories() -> None:
    op.create_table(
        "memory",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("lessons", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("cue", sa.Text, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_memory")),
    )
    op.create_index(op.f("ix_memory_digest"), "memory", ["digest"])
    op.create_index("ix_memory_kind_updated_at", "memory", ["kind", "updated_at"])
    bind = op.get_bind()
    modules = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    if bind.dialect.name != "sqlite" or bind.execute(sa.text(modules)).scalar_one():
        for statement in _WORDS[bind.dialect.name]:
            op.execute(statement)
