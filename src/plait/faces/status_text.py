"""`plait status`: rows of the store as aligned columns; nothing heavy is loaded for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from plait.core.acceptance import PROPOSAL
from plait.core.event import RunStatus
from plait.core.plan import PackageId
from plait.core.run import SATISFIED, PackageStatus
from plait.core.spent import Used
from plait.faces.said_text import NOTHING, Said, progress_lines, questions_asked, said_json
from plait.faces.spent_story import money, used as in_words
from plait.faces.text import clean, duration, rfc3339, shorten, table
from plait.ports import PackageRow, Request, RunRow

_NOTHING: Mapping[PackageId, Used] = MappingProxyType({})
_DONE = frozenset(status.value for status in SATISFIED)


def status_text(
    run: RunRow,
    packages: Sequence[PackageRow],
    noted: Sequence[Request] = (),
    *,
    used: Mapping[PackageId, Used] = _NOTHING,
    said: Said = NOTHING,
    now: float,
    width: int | None = None,
) -> str:
    """One run: a headline, the branch, a line for each package; cut to `width` columns if given.

    `used` is what agents say they used up, of the packages of which they say it; `said` what
    those from elsewhere say and ask.
    """
    done = sum(1 for package in packages if package.status in _DONE)
    age = f"started {_ago(run.created_at, now)}, changed {_ago(run.updated_at, now)}"
    lines = [
        f"{clean(run.plan)}  {run.id}  {run.status.value}  {done} of {len(packages)}",
        f"branch {clean(run.branch)} at {run.head[:10]}, from {run.base[:10]}",
        age,
        *_used_in_all(used),
        "",
    ]
    if packages:
        head = ("PACKAGE", "STATUS", "TRIES", "CHANGED", *(("USED",) if used else ()), "")
        lines += table([head, *(_row(each, now, used) for each in packages)])
    if noted:
        lines += ["", *(f"noted: {_wish(each)}" for each in noted)]
        lines.append(f"`plait resume {run.id}` carries that out")
    lines += ["", *told] if (told := list(progress_lines(said, now))) else []
    asked = [_asked(run, each) for each in packages if each.status == PackageStatus.BLOCKED]
    asked += questions_asked(run.id, said)
    if run.status is RunStatus.BLOCKED and not asked:  # of the run, not of a package
        lines += ["", f"`plait report {run.id}` tells what a person must decide"]
    return _joined(lines, width) + "".join(asked)


def _used_in_all(used: Mapping[PackageId, Used]) -> Iterator[str]:
    if used:
        whole = sum(used.values(), Used())
        told = in_words(whole.cost_usd, whole.tokens_input, whole.tokens_output)
        yield f"agents used {told}"


def _asked(run: RunRow, package: PackageRow) -> str:
    """What a blocked package asks, in full: whoever answers needs all of it."""
    name = clean(package.id)
    answer = f"plait answer {run.id} {name}"
    ways = [f'answer it: {answer} "TEXT"']
    if PROPOSAL in package.reason:
        ways = [f"accept it: {answer} yes", f'send it back: {answer} "no: WHY"']
    elif "_REVISION_REQUIRED" in package.reason:
        ways.insert(0, f"after an edit of the plan: plait resume {run.id} --plan PLAN")
    told = [clean(line) for line in package.reason.splitlines()]
    lines = ["", f"{name} asks:", *(f"  {line}" for line in (*told, *ways) if line)]
    return "\n".join(lines) + "\n"


def _wish(request: Request) -> str:
    """A request as it was typed, more or less."""
    words = [clean(str(value)) for value in request.data.values() if isinstance(value, str)]
    who = f" (by {clean(request.who)})" if request.who else ""
    return f"{' '.join([request.kind.split('_')[0], *words])}{who}"


def status_json(
    run: RunRow,
    packages: Sequence[PackageRow],
    noted: Sequence[Request] = (),
    *,
    used: Mapping[PackageId, Used] = _NOTHING,
    said: Said = NOTHING,
) -> str:
    """One run and its packages, times as RFC 3339 text in UTC."""
    told = {
        **run_json(run),
        **_used_json(sum(used.values(), Used())),
        **said_json(said),
        "packages": [
            {
                "id": package.id,
                "title": package.title,
                "status": package.status,
                "attempts": package.attempts,
                "epoch": package.epoch,
                "commit": package.commit,
                "reason": package.reason,
                "updated_at": rfc3339(package.updated_at),
                **_used_json(used.get(package.id, Used())),
            }
            for package in packages
        ],
        "requests": [
            {
                "number": each.number,
                "kind": each.kind,
                "data": each.data,
                "who": each.who,
                "at": rfc3339(each.at),
            }
            for each in noted
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def run_json(run: RunRow) -> dict[str, Any]:
    """A run as a list shows it."""
    return {
        "run": run.id,
        "plan": run.plan,
        "digest": run.digest,
        "status": run.status.value,
        "branch": run.branch,
        "base": run.base,
        "head": run.head,
        "created_at": rfc3339(run.created_at),
        "updated_at": rfc3339(run.updated_at),
    }


def _used_json(used: Used) -> dict[str, Any]:
    """As the report tells it; null where no agent says it."""
    tokens = {"input": used.tokens_input, "output": used.tokens_output}
    return {
        "cost_usd": None if used.cost_usd is None else round(used.cost_usd, 6),
        "tokens": tokens if any(each is not None for each in tokens.values()) else None,
    }


def _row(package: PackageRow, now: float, used: Mapping[PackageId, Used]) -> tuple[str, ...]:
    started = package.status != PackageStatus.PENDING.value or package.attempts > 0
    return (
        clean(package.id),
        package.status,
        str(package.attempts) if package.attempts else "",
        _ago(package.updated_at, now) if started else "",
        *((_briefly(used.get(package.id, Used())),) if used else ()),
        clean(package.reason.partition("\n")[0]) or clean(package.title),
    )


def _briefly(used: Used) -> str:
    """What it costs, or else how many tokens that were."""
    if used.cost_usd is not None:
        return money(used.cost_usd)
    tokens = (used.tokens_input or 0) + (used.tokens_output or 0)
    return f"{tokens:,} tokens" if tokens else ""


def _joined(lines: Sequence[str], width: int | None) -> str:
    return "".join((line if width is None else shorten(line, width)) + "\n" for line in lines)


def _ago(at: float, now: float) -> str:
    return "just now" if now - at < 1 else f"{duration(round(now - at))} ago"
