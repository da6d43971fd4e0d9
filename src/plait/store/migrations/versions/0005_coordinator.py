"""The coordinator's sessions, tasks, locks and demands.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring a database of revision 0004 to this revision."""
    op.create_table(
        "session",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("trust", sa.Integer, nullable=False),
        sa.Column("capabilities", sa.Text, nullable=False),
        sa.Column("doing", sa.Text, nullable=False),
        sa.Column("delegated_from", sa.String, nullable=False),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("ttl_s", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_state"), "session", ["state"])
    _tasks()
    op.create_table(
        "session_lock",
        sa.Column("token", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_session_lock")),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_session_lock_session")),
    )
    op.create_index(op.f("ix_session_lock_session"), "session_lock", ["session"])
    op.create_table(
        "demand",
        sa.Column("session", sa.String, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("types", sa.Text, nullable=False),
        sa.Column("capabilities", sa.Text, nullable=False),
        sa.Column("trust", sa.Integer, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_demand")),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_demand_session")),
    )


def _tasks() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("needs", sa.Text, nullable=False),
        sa.Column("capabilities", sa.Text, nullable=False),
        sa.Column("trust", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("most_claims", sa.Integer, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("number", name=op.f("uq_task_number")),
    )
    op.create_index("ix_task_state_priority_number", "task", ["state", "priority", "number"])
    op.create_index("ix_task_run_state", "task", ["run", "state"])
    op.create_index(op.f("ix_task_session"), "task", ["session"])
    op.execute("INSERT INTO counter (name, value) VALUES ('task_number', 0)")
    op.create_table(
        "task_need",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("needs", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("task", "needs", name=op.f("pk_task_need")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_task_need_task")),
        sa.ForeignKeyConstraint(["needs"], ["task.id"], name=op.f("fk_task_need_needs")),
    )
    op.create_index(op.f("ix_task_need_needs"), "task_need", ["needs"])
