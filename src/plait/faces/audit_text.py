"""The audit, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from plait.core.audit import Break, Entry
from plait.faces.text import clean, count, rfc3339, shorten

_WIDTH = 120


def verified_text(
    *, rows: int, head: str, breaks: Sequence[Break], noted: str, noted_row: int | None
) -> str:
    """What came of checking the chain."""
    lines = [f"row {each.number} {each.how}" for each in breaks]
    if noted and noted_row is None:
        lines.append(f"no row has the hash {clean(noted)}: the chain is another one")
    elif noted:
        lines.append(f"row {noted_row} has the hash that was noted")
    told = f"the audit is {'broken' if breaks or (noted and noted_row is None) else 'whole'}"
    lines += [f"{told}: {count(rows, 'row')}", f"head: {head}"]
    return "".join(line + "\n" for line in lines)


def verified_json(
    *, rows: int, head: str, breaks: Sequence[Break], noted: str, noted_row: int | None
) -> str:
    """The same for programs."""
    told = {
        "valid": not breaks and (not noted or noted_row is not None),
        "rows": rows,
        "head": head,
        "breaks": [{"row": each.number, "message": f"row {each.number} {each.how}"}
                   for each in breaks],
        **({"noted": noted, "noted_row": noted_row} if noted else {}),
    }  # fmt: skip
    return json.dumps(told, indent=2) + "\n"


def entry_text(entry: Entry) -> str:
    """One row."""
    about = f" {entry.run}" if entry.run else ""
    told = f"{entry.number} {rfc3339(entry.at)}{about} {entry.kind} by {entry.who}: {entry.data}"
    return shorten(clean(told), _WIDTH) + "\n"


def entry_json(entry: Entry) -> str:
    """The same for programs: an object on a line."""
    told = {
        "number": entry.number,
        "at": rfc3339(entry.at),
        "run": entry.run or None,
        "kind": entry.kind,
        "who": entry.who,
        "data": json.loads(entry.data),
        "hash": entry.hash,
    }
    return json.dumps(told, ensure_ascii=False) + "\n"
