"""Who decides a run, the steps of its attempts by name, and what people asked of it.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring a database of revision 0002 to this revision."""
    op.create_table(
        "trunk",
        sa.Column("run", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("holder", sa.String),
        sa.Column("lease_until", sa.Double),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_trunk")),
        sa.CheckConstraint(
            "(holder IS NULL) = (lease_until IS NULL)", name=op.f("ck_trunk_lease_is_whole")
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_trunk_run")),
    )
    op.execute("INSERT INTO trunk (run, epoch) SELECT id, 0 FROM run")
    op.create_table(
        "step",
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("run", "package", "epoch", "name", name=op.f("pk_step")),
        sa.ForeignKeyConstraint(
            ["run", "package"], ["package.run", "package.id"], name=op.f("fk_step_package")
        ),
    )
    op.create_table(
        "request",
        sa.Column("run", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("run", "number", name=op.f("pk_request")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_request_run")),
    )
