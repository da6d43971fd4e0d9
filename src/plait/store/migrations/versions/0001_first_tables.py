"""The first tables: run, plan, package, event, approval.

Revision 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring an empty database to this revision."""
    op.create_table(
        "run",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("plan", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("branch", sa.String, nullable=False),
        sa.Column("base", sa.String, nullable=False),
        sa.Column("head", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("number", name=op.f("uq_run_number")),
    )
    op.create_table(
        "plan",
        sa.Column("run", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_plan")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_plan_run")),
    )
    _create_package()
    op.create_table(
        "event",
        sa.Column("run", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("package", sa.String),
        sa.Column("attempt", sa.Integer),
        sa.Column("epoch", sa.Integer),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", "seq", name=op.f("pk_event")),
        sa.ForeignKeyConstraint(
            ["run", "package"], ["package.run", "package.id"], name=op.f("fk_event_package")
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_event_run")),
    )
    op.create_table(
        "approval",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("plan", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", "number", name=op.f("pk_approval")),
    )


def _create_package() -> None:
    op.create_table(
        "package",
        sa.Column("run", sa.String, nullable=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("holder", sa.String),
        sa.Column("lease_until", sa.Double),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("commit", sa.String),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("error_code", sa.String),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("run", "id", name=op.f("pk_package")),
        sa.UniqueConstraint("run", "position", name=op.f("uq_package_run_position")),
        sa.CheckConstraint(
            "(holder IS NULL) = (lease_until IS NULL)", name=op.f("ck_package_lease_is_whole")
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_package_run")),
    )
