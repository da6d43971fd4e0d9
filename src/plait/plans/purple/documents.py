"""How a ticket's completion document is called: as its spec says, else by its place in the spec."""

from __future__ import annotations

import re
from collections import Counter

from plait.plans.places import slug
from plait.plans.purple.spec import Spec, Ticket, values_of
from plait.plans.purple.status import Known

_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.md(?![A-Za-z0-9])")


def known(spec: Spec, feature: str) -> list[Known]:
    """The tickets in their order, each with its place and a document of its own.

    Without a name in the spec it is `phase-2-1-<feature>-documentation.md` for the first ticket
    of phase 2.
    """
    counts: Counter[int | None] = Counter()
    found: list[Known] = []
    taken: set[str] = set()
    for ticket in spec.tickets:
        counts[ticket.phase] += 1
        number = counts[ticket.phase]
        place = f"phase-{ticket.phase}-{number}" if ticket.phase is not None else f"{number}"
        called = _called(ticket)
        if not called or called in taken:
            called = f"{place}-{slug(feature)[:80]}-documentation.md"
        taken.add(called)
        found.append(Known(id=ticket.id, phase=ticket.phase, number=number, document=called))
    return found


def _called(ticket: Ticket) -> str:
    """The name in `**Documentation Output:**`; where it is to lie is not the spec's to say."""
    for field in ticket.fields:
        if field.key == "document":
            for words in (field.value, *values_of(field)):
                if name := _NAMED.search(words.text.rpartition("/")[2]):
                    return name[0]
    return ""
