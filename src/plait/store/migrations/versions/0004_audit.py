"""The audit: rows in a chain, which nobody changes and nobody deletes.

Revision 0004, after 0003. It begins here: what was ordered before is not in it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEPT = {
    "sqlite": (
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'rows of the audit are kept as they are'); END",
        "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'rows of the audit are kept as they are'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'rows of the audit are kept as they are'; END $$",
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
    ),
}


def upgrade() -> None:
    """Bring a database of revision 0003 to this revision."""
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('audit', 0)")
    for statement in _KEPT[op.get_bind().dialect.name]:
        op.execute(statement)
