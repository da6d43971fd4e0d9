"""Lock keys that packages hold, and the counter that their tokens come from.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring a database of revision 0001 to this revision."""
    counter = op.create_table(
        "counter",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.bulk_insert(counter, [{"name": "lock_token", "value": 0}])
    op.create_table(
        "lock_key",
        sa.Column("token", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_lock_key")),
        sa.ForeignKeyConstraint(
            ["run", "package"], ["package.run", "package.id"], name=op.f("fk_lock_key_package")
        ),
    )
