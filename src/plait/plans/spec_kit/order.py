"""The order of a spec-kit list: phases, the order within them, and the section on dependencies.

Phases follow one another unless the list says what one depends on. Within a phase tasks run in
their order, those marked [P] side by side; the tests that a phase begins with come first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from plait.core.plan import Provenance, Span
from plait.plans.markdown import Kind, Line
from plait.plans.needs import MAX_EDGES
from plait.plans.page import span_of
from plait.plans.phasing import following, predecessors
from plait.plans.phrases import Noun
from plait.plans.references import Names, names_of, read
from plait.plans.spec_kit.items import Item, Outline, Phase, wraps
from plait.plans.spec_kit.numbers import PHASES, STORIES, among, numbered
from plait.plans.tasks import Order, State

_ARROW = re.compile(r"→|⟶|=>|->")
_DOWN = re.compile(r"[\s↓│|v]{1,400}")
_SAID = re.compile(r"(?P<subject>[^:：]{1,120})[:：][ \t]*(?P<said>.{1,400})")  # noqa: RUF001
_NONE = re.compile(
    r"\W{0,4}(?:(?:no|without) dependenc|sin dependencia|sem depend|aucune dépend|keine abhäng"
    r"|无依赖|依存なし)",
    re.IGNORECASE,
)
_INDEPENDENT = re.compile(
    r"\W{0,4}(?:(?:\w{2,12}(?:ly|mente|ment) )?ind[eé]pend|unabhängig)", re.IGNORECASE
)
_WITH = re.compile(r"\bin parallel with\b", re.IGNORECASE)
_TREE = re.compile(
    r"(?P<lead>[\s│|]{0,200})(?P<joint>(?:[├└]|[|+`](?=--))[─-]{0,4}[►>]?)?[ \t]*(?P<node>.*)"
)
_NODE_ENDS = re.compile(r"←|<-|──|┐|┤|┘|[:：]|[ \t][—–-][ \t]")  # noqa: RUF001
_NEEDS_COLUMN = re.compile(
    r"\W*(?:depends? on|dependencies|blocked by|requires|prerequisites?|depende de|依赖|依存)\W*",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\W*(?:none|nothing|no dependenc\w*|n/a|ningun[ao].*|nenhuma?.*|无|なし)?\W*", re.IGNORECASE
)
_RULED = re.compile(r"[|\s:-]+")
_SENTENCES = re.compile(r"(?<=[^A-Z \t])[.;；。][ \t]*(?=T[0-9]|US ?[0-9]|User Stor|Phase )")  # noqa: RUF001
_OTHERS = re.compile(r"\b(?:other|otras?|outras?|autres?|anderen?) (?:user )?\w", re.IGNORECASE)
DEPENDS = (
    r"(?<!\bnot )(?<!n't )(?<!\bno )(?<!\bnon )(?<!\bnão )\b(?:depends? (?:up)?on\b"
    r"|depend(?:e|en|em) d[aeo]s?\b|dépend(?:ent)? d[eu]s?\b|dipend(?:e|ono) da\b|abhängig von\b)"
    r"|依赖|依存"
)
_AFTER = re.compile(rf"{DEPENDS}|\b(?:after|follows?|requires?)\b|前置", re.IGNORECASE)
_BEFORE = re.compile(
    r"(?<!\bnot )(?:\b(?:blocks?|before|precedes?)\b"
    r"|\b(?:gates?|unblocks?)(?= (?:T[0-9]|US ?[0-9]|User Stor|Phases? [0-9]|all )))",
    re.IGNORECASE,
)
_CUT = re.compile(
    r" - | – | — |[;。；]|\. |, (?:but|independent|can|may|no)\b|\b(?:but|independent|may|uses?)\b",  # noqa: RUF001
    re.IGNORECASE,
)
_TASK = re.compile(r"\bT[0-9]")
_ALL = re.compile(r"\W{0,4}(?:everything|all)\b", re.IGNORECASE)
_ALL_STORIES = re.compile(
    r"\b(?:user stories|all (?:\w{1,12} ){0,2}stor(?:y|ies)|all stories)\b(?! ?[0-9])",
    re.IGNORECASE,
)
_ALL_PHASES = re.compile(r"\ball (?:\w{1,12} ){0,2}phases\b|\beverything\b", re.IGNORECASE)
_WORDS = ("setup", "foundation", "polish", "convergence", "integration", "documentation")
_FINAL = re.compile(r"\bfinal phase\b", re.IGNORECASE)
_MOST_BRANCHES = 50  # phases that one line of a tree names
_MOST_SHOWN = 80
_MOST_STAGES = 500  # of a graph on one line


def orders_of(outline: Outline, file: str) -> Iterator[Order]:
    """The orders that a list states and implies; what is left out is in none of them."""
    items = [item for item in outline.items if item.state is not State.SKIPPED]
    members: dict[int | None, list[Item]] = {}
    for item in items:
        members.setdefault(item.phase.at if item.phase else None, []).append(item)
    phases = [phase for phase in outline.phases if phase.at in members]
    ids = {at: [item.id for item in tasks] for at, tasks in members.items()}
    reader = _Reader(
        members=ids,
        file=file,
        phases=phases,
        order=tuple(item.id for item in items),
        names=names_of([item.id for item in items], aliases=aliases_of(outline.items)),
    )
    reader.run(outline)
    before = predecessors([phase.at for phase in phases], reader.said)
    for phase in phases:
        yield from following(
            ids[phase.at],
            [ids[at] for at in sorted(before[phase.at] | reader.further.get(phase.at, set()))],
            note=f"{phase.label[:_MOST_SHOWN]} follows",
            span=span_of(phase.line, file),
        )
    for tasks in members.values():
        yield from _within(tasks, file)
    yield from reader.orders


def aliases_of(items: Sequence[Item]) -> dict[str, str]:
    """Plain names of tasks whose ids carry a word: T031 of T031-MIN."""
    plain = {item.id for item in items}
    found: dict[str, list[str]] = {}
    for item in items:
        stem = re.sub(r"-[A-Za-z]+$", "", item.id)
        if stem not in plain:
            found.setdefault(stem, []).append(item.id)
    return {stem: ids[0] for stem, ids in found.items() if len(ids) == 1}


def _within(tasks: Sequence[Item], file: str) -> Iterator[Order]:
    """One after another; those marked as parallel side by side, and tests before the rest."""
    steps: list[list[Item]] = []
    for (parallel, _), run in groupby(tasks, key=lambda item: (item.parallel, item.tests)):
        found = list(run)
        steps += [found] if parallel else [[item] for item in found]
    for first, then in pairwise(steps):
        yield Order(
            first=tuple(item.id for item in first),
            then=tuple(item.id for item in then),
            provenance=Provenance.TRACK,
            note="order of the list",
            span=span_of(then[0].line, file),
        )


@dataclass(slots=True, kw_only=True)
class _Reader:
    file: str
    phases: Sequence[Phase]
    order: tuple[str, ...]
    names: Names
    members: Mapping[int | None, Sequence[str]]
    said: dict[int, set[int]] = field(default_factory=dict)
    further: dict[int, set[int]] = field(default_factory=dict)
    beside: dict[int, set[int]] = field(default_factory=dict)  # phases it may run beside
    orders: list[Order] = field(default_factory=list)
    budget: int = 2 * MAX_EDGES  # of the steps that orders make
    looks: int = 1_000_000  # at a phase, to see whether some words name it

    def run(self, outline: Outline) -> None:
        """Read the sections on dependencies, and what phases say of themselves."""
        row: list[str] = []  # the ids on the line above, of a graph drawn downwards
        down = False
        tree: list[tuple[int, set[int]]] = []  # the phases above, by the columns they stand in
        table: tuple[int, ...] = ()  # the columns of tasks, and of what they depend on
        for line, content in _unwrapped(outline.order):
            if content.lstrip().startswith("|") and content.count("|") > 2:  # noqa: PLR2004
                table = self._row(line, content, table)
                continue
            table = ()
            self._branch(line.text, tree)
            text = content.replace("**", "").replace("`", "").strip()
            if line.kind is Kind.BLANK or not text:
                row, down = [], False
            elif _DOWN.fullmatch(text):
                down = bool(row)
            else:
                ids = self._ids(text) if line.kind is Kind.CODE else []
                if down and ids:
                    self._order(row, ids, line, text)
                row, down = ids, False
                for sentence in _SENTENCES.split(text):
                    self._line(line, sentence)
        for at, others in self.beside.items():
            if at not in self.said:
                same = (self.said.get(other) or self._common(other) for other in others)
                self.said[at] = {other for each in same for other in each if other < at}
        known = {phase.at for phase in self.phases}
        for phase, line in outline.own:
            if phase.at in known:
                text = line.content.replace("**", "")
                named = self._phases(_CUT.split(re.split("[:：]", text, maxsplit=1)[-1])[0])  # noqa: RUF001
                self._follow(phase.at, named)

    def _branch(self, text: str, tree: list[tuple[int, set[int]]]) -> None:
        """A line of a tree of phases, drawn with ├ and └: each follows the one it hangs on."""
        found = _TREE.match(text)
        if not found or not found["node"]:
            return
        column = len(found["lead"])
        if not found["joint"]:
            column = column if "│" not in found["lead"] else -1
        if column < 0:
            return  # what stands below a line that merges others hangs on none of them
        while tree and tree[-1][0] >= column:
            tree.pop()
        phases = self._phases(_NODE_ENDS.split(found["node"].replace("**", ""))[0])
        if found["joint"] and tree and len(phases) <= _MOST_BRANCHES:
            for at in phases:
                self._follow(at, tree[-1][1])
        tree.append((column, phases))

    def _row(self, line: Line, text: str, table: tuple[int, ...]) -> tuple[int, ...]:
        """A row of a table; the columns that matter, once its head tells them."""
        cells = [
            cell.replace("**", "").replace("`", "").strip()
            for cell in text.strip("| \t").split("|")
        ]
        if not table:
            needs = [at for at, cell in enumerate(cells) if at and _NEEDS_COLUMN.fullmatch(cell)]
            return (0, needs[0]) if needs else (0,)
        telling = len(table) > 1 and len(cells) > table[1] and not _RULED.fullmatch(text)
        if telling and self.budget > 0:
            subject, said = cells[0], cells[table[1]]
            named = self._phases(said)
            self.budget -= len(named)
            for at in self._phases(subject) if not _TASK.search(subject) else ():
                plain = set() if named or self.budget <= 0 else self._common(at)
                self.budget -= 0 if named else len(self.phases)
                self.said.setdefault(at, set()).update(plain)
                self._follow(at, named)
            if _TASK.search(subject) or _TASK.search(said):
                self._pair(line, said, subject, text, sole=False)
        return table

    def _line(self, line: Line, text: str) -> None:
        stages = _ARROW.split(text)
        if len(stages) > 1:
            if len(stages) <= _MOST_STAGES and not text.lower().startswith("or "):
                self._graph(line, stages, text)
            return
        stated = _SAID.match(text)
        if stated and not _TASK.search(stated["subject"]):
            verb = _BEFORE.search(stated["said"]) or _AFTER.search(stated["said"])
            if verb is None or not _TASK.search(stated["said"], 0, verb.start()):
                self._stated(line, stated["subject"], stated["said"])
                return
            text = stated["said"]  # "Within User Story 1: T014 depends on T013"
        before, after = _BEFORE.search(text), _AFTER.search(text)
        if before:
            self._pair(line, text[: before.start()], text[before.end() :], text, sole=False)
        elif after:
            self._pair(line, text[after.end() :], text[: after.start()], text, sole=True)
        elif beside := _WITH.search(text):
            for at in self._phases(text[: beside.start()]):
                self._run_beside(at, text[beside.end() :])

    def _graph(self, line: Line, stages: Sequence[str], text: str) -> None:
        for first, then in pairwise(stages):
            if _TASK.search(first) and _TASK.search(then):
                self._order(self._ids(first), self._ids(then), line, text)
            else:
                named = self._phases(first)
                for at in self._phases(then):
                    self._follow(at, named)

    def _stated(self, line: Line, subject: str, said: str) -> None:
        """`User Story 2 (P2): Can start after Foundational (Phase 2) - …`."""
        for at in self._phases(subject):
            if _INDEPENDENT.match(said) and not _AFTER.search(said):
                self.said.setdefault(at, set()).update(self._common(at))
            elif _NONE.match(said):
                own = self.said.setdefault(at, set())
                if _OTHERS.search(said) or STORIES.search(said):
                    own.update(self._common(at))
            elif after := _AFTER.search(said):
                named = self._phases(_CUT.split(said[after.end() :])[0])
                self._follow(at, named)
            if beside := _WITH.search(said):
                self._run_beside(at, said[beside.end() :])
        if before := _BEFORE.search(said):
            self._pair(line, subject, said[before.end() :], said, sole=False)

    def _run_beside(self, at: int, said: str) -> None:
        """`US3 can start in parallel with US2`: it follows what that follows."""
        named = self._phases(_CUT.split(said)[0])
        self.beside.setdefault(at, set()).update(other for other in named if other < at)

    def _pair(self, line: Line, first: str, then: str, text: str, *, sole: bool) -> None:
        """`T005-T011 blocks T012-T018`, `US2 and US3 can run in parallel after US1`."""
        first, then = (_CUT.split(first)[0], then) if sole else (first, _CUT.split(then)[0])
        if _TASK.search(first) or _TASK.search(then):
            firsts, thens = self._ids(first), self._ids(then)
            if not _ALL.match(first):
                firsts = firsts or self._all_of(self._phases(first))
            if not _ALL.match(then):
                thens = thens or self._all_of(self._phases(then))
            if thens and not firsts and _ALL.match(first):
                firsts = list(self.order[: min(map(self.order.index, thens))])
            elif firsts and not thens and _ALL.match(then):
                thens = list(self.order[max(map(self.order.index, firsts)) + 1 :])
            self._order(firsts, thens, line, text)
            return
        named = self._phases(first)
        for at in self._phases(then):
            self._follow(at, named, sole=sole)

    def _all_of(self, phases: set[int]) -> list[str]:
        self.budget -= len(phases)
        return [name for at in sorted(phases) for name in self.members.get(at, ())]

    def _order(self, first: Sequence[str], then: Sequence[str], line: Line, text: str) -> None:
        later = [name for name in then if name not in first]
        self.budget -= len(first) + len(later)
        if first and later and self.budget > 0:  # past it, there are too many edges anyway
            self.orders.append(
                Order(
                    first=tuple(first),
                    then=tuple(later),
                    provenance=Provenance.EXPLICIT,
                    note=text[:_MOST_SHOWN],
                    span=Span(file=self.file, line=line.number),
                    relaxable=False,
                )
            )

    def _ids(self, text: str) -> list[str]:
        return [hit.id for hit in read(text, self.names).hits if hit.noun is Noun.ITEM]

    def _follow(self, at: int, named: set[int], *, sole: bool = True) -> None:
        """A phase follows those named before it, and if `sole` only those that are named so.

        One behind it is none that it could wait for: what says so is no order of phases.
        """
        self.budget -= len(named)
        earlier = {other for other in named if other < at} if self.budget > 0 else ()
        if earlier:
            (self.said if sole else self.further).setdefault(at, set()).update(earlier)

    def _common(self, at: int) -> set[int]:
        """The last phase before it that is for no story."""
        plain = [phase.at for phase in self.phases if phase.at < at and not phase.stories]
        return set(plain[-1:])

    def _phases(self, text: str) -> set[int]:
        """The phases that some words name: by number, by story, or by what they are for."""
        found: set[int] = set()
        self.looks -= len(self.phases)
        if self.looks < 0:
            return found
        stories = [phase for phase in self.phases if phase.stories]
        if _ALL_STORIES.search(text) and stories:
            return {phase.at for phase in stories}
        if _ALL_PHASES.search(text):
            return {phase.at for phase in self.phases}
        for numbers in numbered(STORIES, text):
            found |= {p.at for p in stories if any(among(str(s), numbers) for s in p.stories)}
        for numbers in numbered(PHASES, text):
            found |= {p.at for p in self.phases if p.number and among(p.number, numbers)}
        if not found:
            low = text.lower()
            for word in _WORDS:
                if word in low:
                    found |= {p.at for p in self.phases if word in p.label.lower()}
            if _FINAL.search(text) and self.phases:
                found.add(self.phases[-1].at)
        return found


def _unwrapped(lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """The lines with their contents; what a full bullet runs on over is a part of it."""
    at = 0
    while at < len(lines):
        line = last = lines[at]
        parts = [line.content or line.text]
        at += 1
        while (
            line.kind is Kind.BULLET
            and at < len(lines)
            and lines[at].kind is Kind.TEXT
            and wraps(last, lines[at])
        ):
            last = lines[at]
            parts.append(last.content)
            at += 1
        yield line, " ".join(parts)
