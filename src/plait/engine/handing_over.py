"""A run leaves word of how it stands, whenever it comes to rest or its plan changes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import anyio
from anyio import to_thread

from plait.core.handoff import Occasion, occasion_of, written_by
from plait.engine.context import Context
from plait.engine.secrets import without_secrets
from plait.errors import PlaitError
from plait.ports.coordination import CoordinationRows


async def hand_over(context: Context, occasion: Occasion | None = None) -> None:
    """Write the run's handoff; why, is told by how it stands where nothing else is said.

    A store that cannot be written keeps nobody from the run's end: its events tell all of it.
    """
    coordination, run = context.coordination, context.journal.run
    await context.remembering.put_away()
    if coordination is None:
        return
    handoff = without_secrets(written_by(run, occasion or occasion_of(run)), ())

    def write(rows: CoordinationRows) -> None:
        rows.add_handoff(replace(handoff, number=rows.next_note(), created_at=rows.now))

    with suppress(PlaitError), anyio.CancelScope(shield=True):
        await to_thread.run_sync(coordination.transact, write)
