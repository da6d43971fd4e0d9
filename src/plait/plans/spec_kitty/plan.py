"""From a spec-kitty mission's files to tasks: one for each work package.

The strongest source holds, and a weaker one that says otherwise is told. Of the state: status
events > front matter > what spec-kitty wrote into `tasks.md` > boxes. Of dependencies: front
matter > `tasks.md` > lanes > the list's order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, Provenance, Scope, Span
from plait.plans import orders
from plait.plans.fields import Words, fields_of, items_of, listed_files, speaks, time_of
from plait.plans.markdown import Kind, scan
from plait.plans.page import Page, marker_of, span_of
from plait.plans.paths import titled, written
from plait.plans.references import Names, names_of, read
from plait.plans.spec_kitty.files import Event, Lane, Prompt
from plait.plans.spec_kitty.sections import KEYS, WP, Section, Sections
from plait.plans.tasks import Order, Ref, State, Task

_LANES = {
    **dict.fromkeys(("genesis", "planned", "todo"), State.OPEN),
    **dict.fromkeys(("claimed", "doing", "in_progress", "for_review", "in_review"), State.ACTIVE),
    **dict.fromkeys(("approved", "done"), State.DONE),
    "blocked": State.BLOCKED,
    **dict.fromkeys(("canceled", "cancelled"), State.SKIPPED),
}
_SETTLED = frozenset({State.DONE, State.SKIPPED})
_WP = re.compile(rf"({WP})\b")
_OPTIONAL = re.compile(r"\(optional\b", re.IGNORECASE)
_LOWEST = 10
_MOST_SHARED = 50  # lines above a list of packages that each of them is told
_LONGEST_SHARED = 4000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """All that was read of a mission; `page` is its `tasks.md`, if it has one."""

    name: str
    page: Page | None
    sections: Sections
    prompts: Mapping[str, Prompt]
    lanes: Sequence[Lane]
    events: Mapping[str, Event]

    def lane_of(self) -> dict[str, Lane]:
        """The lane of each work package; of several the first."""
        rows = reversed(self.lanes)
        return {name: lane for lane in rows for name in lane.packages}


def tasks_of(mission: Mission, findings: list[Finding]) -> tuple[Task, ...]:
    """The work packages, in the list's order, then those that only have a file, or a lane."""
    sections = {section.id: section for section in reversed(mission.sections.packages)}
    ids = list(dict.fromkeys((*(s.id for s in mission.sections.packages), *mission.prompts)))
    if not ids:
        ids = sorted({name for lane in mission.lanes for name in lane.packages})
    names = names_of(ids)
    findings.extend(_unlisted(mission, sections))
    twice = [s for s in mission.sections.packages if sections[s.id] is not s]
    lane_of = mission.lane_of()
    listed = [(name, sections.get(name), findings) for name in ids]
    listed += [(section.id, section, []) for section in twice]
    return tuple(
        _task(name, section, mission, lane=lane_of.get(name), names=names, findings=told)
        for name, section, told in listed
    )


def orders_of(mission: Mission, tasks: Sequence[Task], findings: list[Finding]) -> Iterator[Order]:
    """Lanes one after another as they say, and in a lane, which is one worktree, one by one.

    Without lanes, packages that do not say what they need follow the list's order.
    """
    if not mission.lanes:
        yield from orders.chain(tasks)
        return
    by_id = {task.id: task for task in tasks}
    lanes = {lane.id: lane for lane in mission.lanes}
    for lane in mission.lanes:
        members = [by_id[name] for name in dict.fromkeys(lane.packages) if name in by_id]
        note = f"{lane.id} is one worktree"
        yield from orders.chain(members, note=note, relaxable=False)
        unknown = [name for name in lane.packages if name not in by_id]
        unknown += [name for name in lane.after if name not in lanes]
        findings.extend(_unknown(name, lane.span) for name in unknown)
        before = [name for each in lane.after if each in lanes for name in lanes[each].packages]
        if before and members:
            yield Order(
                first=tuple(before),
                then=tuple(task.id for task in members),
                provenance=Provenance.TRACK,
                note=f"{lane.id} depends on {', '.join(lane.after)}",
                span=lane.span,
            )


def _task(
    name: str,
    section: Section | None,
    mission: Mission,
    *,
    lane: Lane | None,
    names: Names,
    findings: list[Finding],
) -> Task:
    prompt = mission.prompts.get(name)
    file = mission.page.text.name if mission.page else mission.name
    span = _span(section, prompt, lane, file)
    state, reason = _state(name, section, mission, span, findings)
    boxes = section.boxes if section and mission.page else []
    markers = (marker_of(box, mission.page.text) for box in boxes) if mission.page else ()
    title = (prompt.title if prompt else "") or (section.title if section else "") or name
    phase = (prompt.phase if prompt else None) or (section.phase if section else None)
    priority = section.priority if section else None
    return Task(
        id=name,
        title=title,
        span=span,
        state=state,
        reason=reason,
        phase=phase,
        track=lane.id if lane else None,
        parallel=lane is not None,
        optional=bool(_OPTIONAL.search(title)),
        needs=_needs(name, section, prompt, file=file, names=names, findings=findings),
        scope=_scope(section, prompt, lane),
        body=_body(section, prompt),
        requirements=_requirements(section, prompt),
        role=prompt.role if prompt else None,
        estimate_s=time_of(prompt.effort) if prompt else None,
        priority=5 if priority is None else min(_LOWEST, 1 + 2 * priority),
        markers=tuple(marker for marker in markers if marker),
    )


def _span(section: Section | None, prompt: Prompt | None, lane: Lane | None, file: str) -> Span:
    if section:
        return span_of(section.head, file)
    if prompt:
        return Span(file=prompt.text.name)
    return lane.span if lane else Span(file=file)


def _body(section: Section | None, prompt: Prompt | None) -> str:
    """What an agent works from: the package's own file, else its section."""
    if prompt and prompt.body[1]:
        return prompt.body[1]
    if section is None:
        return ""
    below = dedent("\n".join(line.text for line in section.body)).strip("\n")
    shared = (line.text for line in section.common[:_MOST_SHARED])
    common = "\n".join(shared).strip("\n")[:_LONGEST_SHARED]
    return f"{section.head.content}\n{below}\n\n{common}".strip()


def _requirements(section: Section | None, prompt: Prompt | None) -> tuple[str, ...]:
    if prompt and prompt.requirements:
        return prompt.requirements
    fields = fields_of(section.body, KEYS) if section else ()
    return items_of([words for key, words in fields if key == "requirements"])


def _scope(section: Section | None, prompt: Prompt | None, lane: Lane | None) -> Scope:
    """The files that a package owns bind; those that its section names are a guess."""
    owned = prompt.writes if prompt else None
    declared = owned or (lane.writes if lane else ())
    if declared:
        globs = tuple(dict.fromkeys(glob for glob in declared if glob))
        return Scope(write=globs, confidence=Confidence.DECLARED)
    body = [*(section.body if section else ())]
    if prompt:
        body += scan(prompt.body[1].split("\n")).lines
    found = listed_files(body, KEYS)
    if not found:
        tasks = [titled(line.content) for line in body if line.kind is Kind.BOX]
        prose = written([line.content for line in body if speaks(line)])
        found = tuple(dict.fromkeys((*(glob for globs in tasks for glob in globs), *prose)))
    confidence = Confidence.INFERRED if found else Confidence.UNKNOWN
    return Scope(write=found, confidence=confidence)


def _needs(
    name: str,
    section: Section | None,
    prompt: Prompt | None,
    *,
    file: str,
    names: Names,
    findings: list[Finding],
) -> tuple[Ref, ...] | None:
    said = list(section.needs or ()) if section else []
    if prompt is None or prompt.needs is None:
        if not said:
            return None
        return tuple(Ref(text=words.text, span=words.span(file)) for words in said)
    refs = tuple(_exact(text, span) for text, span in prompt.needs)
    holds = {ref.text for ref in refs}
    findings.extend(_other(name, holds, said, file, names))
    lines = scan(prompt.text.lines[prompt.body[0] - 1 :]).lines
    fields = [words for key, words in fields_of(lines, KEYS) if key == "needs"]
    first = prompt.body[0] - 1
    inside = [Words(text=w.text, line=w.line + first, column=w.column) for w in fields]
    findings.extend(_other(name, holds, inside, prompt.text.name, names))
    return refs


def _exact(text: str, span: Span) -> Ref:
    found = _WP.match(text)
    return Ref(text=found[1] if found else text, span=span, exact=True)


def _other(
    name: str, holds: set[str], said: Sequence[Words], file: str, names: Names
) -> Iterator[Finding]:
    """A finding if words elsewhere name other dependencies than the front matter."""
    if not said:
        return
    named = {hit.id for words in said for hit in read(words.text, names).hits} - {name}
    if named == {each for each in holds if each in names.order}:
        return
    yield Finding(
        code="CONTRADICTORY_DEPENDENCIES",
        severity=Severity.WARNING,
        message=f"{name} needs {_listed(named)} by these words, {_listed(holds)} by its front "
        "matter: that holds",
        span=said[0].span(file),
        hint="bring them into line",
    )


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _state(
    name: str,
    section: Section | None,
    mission: Mission,
    span: Span,
    findings: list[Finding],
) -> tuple[State, str]:
    found = list(_lanes(name, section, mission))
    for lane, source, at, _ in found:
        if lane not in _LANES:
            message = f"{source} says that {name} is {lane!r}, which is no lane: read as open"
            findings.append(_warning("UNKNOWN_STATUS", message, at, "use one of spec-kitty's"))
    boxes = section.boxes if section else []
    ticked = [box.state in {"x", "X"} for box in boxes]
    if not found:
        return (State.DONE if ticked and all(ticked) else State.OPEN), ""
    lane, source, _, reason = found[0]
    state = _LANES.get(lane, State.OPEN)
    for other, where, at, _ in found[1:]:
        if _differ(state, _LANES.get(other, State.OPEN)):
            findings.append(_contradiction(name, lane, source, f"{where} says {other}", at))
    if state is State.DONE and not all(ticked):
        said = f"{ticked.count(False)} of its {len(ticked)} boxes are open"
        findings.append(_contradiction(name, lane, source, said, span))
    elif state in {State.OPEN, State.BLOCKED} and ticked and all(ticked):
        findings.append(_contradiction(name, lane, source, "all its boxes are ticked", span))
    if lane == "approved":
        findings.append(
            Finding(
                code="APPROVED_NOT_MERGED",
                severity=Severity.INFO,
                message=f"{name} is approved but not merged by spec-kitty: read as done",
                span=span,
                hint="see that its work is in the commit the run begins at",
            )
        )
    return state, f"{lane}{f', {reason}' if reason else ''}" if state is not State.DONE else ""


def _lanes(
    name: str, section: Section | None, mission: Mission
) -> Iterator[tuple[str, str, Span, str]]:
    """The lanes that sources put a package into, the strongest first: lane, source, place, why."""
    if event := mission.events.get(name):
        yield event.lane, event.span.file.rsplit("/", 1)[-1], event.span, event.reason
    prompt = mission.prompts.get(name)
    if prompt and prompt.lane:
        span = prompt.lane_span or Span(file=prompt.text.name)
        yield prompt.lane, "its front matter", span, ""
    if mission.page and (state := mission.sections.states.get(name)):
        yield state.lane, "the generated status", span_of(state.line, mission.page.text.name), ""
    if mission.page and section and section.status:
        yield "done", "its section", span_of(section.status, mission.page.text.name), ""


def _differ(one: State, other: State) -> bool:
    return one is not other and bool(_SETTLED.intersection((one, other)))


def _contradiction(name: str, lane: str, source: str, said: str, span: Span) -> Finding:
    return _warning(
        "CONTRADICTORY_STATUS",
        f"{name} is {lane} by {source}, but {said}: the former holds",
        span,
        "bring them into line",
    )


def _unlisted(mission: Mission, sections: Mapping[str, Section]) -> Iterator[Finding]:
    """Work packages that have only a section, or only a file, where others have both."""
    if mission.page is None and not mission.prompts:
        yield _warning(
            "MISSING_CONTEXT",
            "there is no tasks.md and no file in tasks/: agents are told no more than the lanes",
            Span(file=mission.name),
            "add tasks.md",
        )
    if mission.page is None or not sections or not mission.prompts:
        return
    for section in sections.values():
        if section.id not in mission.prompts:
            yield _warning(
                "MISSING_CONTEXT",
                f"{section.id} has no file in tasks/: its section is all that agents are told",
                span_of(section.head, mission.page.text.name),
                f"add tasks/{section.id}-….md",
            )
    for prompt in mission.prompts.values():
        if prompt.id not in sections:
            yield _warning(
                "NOT_IN_TASK_LIST",
                f"tasks.md does not list {prompt.id}: it is read from its file",
                Span(file=prompt.text.name),
                "list it in tasks.md, or remove the file",
            )


def _unknown(name: str, span: Span) -> Finding:
    return _warning(
        "UNKNOWN_REFERENCE", f'"{name}" names nothing in this plan', span, "correct or remove it"
    )


def _warning(code: str, message: str, span: Span, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint)
