"""Numbered migrations, forward only, run by Alembic from inside the installed package."""
