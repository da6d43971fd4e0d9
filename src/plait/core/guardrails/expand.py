"""Words of the shell, expanded as far as the text tells: to the fields that a command is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import Protocol

from plait.core.guardrails.script import Channel, Hole, Output, Script, Text, Variable, Word
from plait.core.guardrails.state import (
    HOLE,
    MOST_TEXT,
    STANDS_FOR_HOLE,
    State,
    Value,
    Values,
)

MOST_FIELDS = 512
MOST_VARIANTS = 64
_PROTECTED = str.maketrans("{},", "\ue000\ue001\ue002")
_RESTORED = str.maketrans(f"\ue000\ue001\ue002{STANDS_FOR_HOLE}", f"{{}},{HOLE}")
_MOST_BRACES = 64


class Runner(Protocol):
    """Who runs what is substituted."""

    def output(self, script: Script, state: State) -> str:
        """What a script prints."""

    def channel(self, script: Script, state: State) -> str:
        """The path of a pipe that holds what it prints."""


Choices = dict[str, Value]


def variants(words: Sequence[Word], state: State) -> Iterator[Choices]:
    """The values of the variables in some words, in each combination in which they may be."""
    names = [name for name in dict.fromkeys(_names(words)) if len(state.values(name)) > 1]
    count = 1
    for name in names:
        count *= len(state.values(name))
    if count > MOST_VARIANTS:
        yield dict.fromkeys(names, (HOLE,))
        return
    for chosen in product(*(state.values(name) for name in names)):
        yield dict(zip(names, chosen, strict=True))


def _names(words: Iterable[Word]) -> Iterator[str]:
    for word in words:
        for piece in word:
            if isinstance(piece, Variable):
                yield plain(piece.name)
                if piece.otherwise:
                    yield from _names((piece.otherwise,))


def plain(name: str) -> str:
    """The name of a variable without its index."""
    return name.partition("[")[0]


def fields(word: Word, state: State, chosen: Choices, runner: Runner) -> list[str]:
    """The fields that a word becomes: none, one or several."""
    made: list[str] = []
    current: str | None = None

    def add(text: str) -> None:
        nonlocal current
        current = text if current is None else current + text

    def parts(texts: Sequence[str], *, opens: bool, closes: bool) -> None:
        """Several fields; the first joins what stands before, the last what follows."""
        nonlocal current
        if opens and current is not None:
            made.append(current)
            current = None
        for number, text in enumerate(texts):
            if number and current is not None:
                made.append(current)
                current = None
            add(text)
        if closes and current is not None:
            made.append(current)
            current = None

    for piece in word:
        match piece:
            case Text(text=text, quoted=quoted):
                add(text.translate(_PROTECTED) if quoted else text)
            case Hole():
                add(HOLE)
            case Channel(script=script):
                add(runner.channel(script, state))
            case Output(script=script, quoted=quoted):
                told = runner.output(script, state).rstrip("\n")
                _put(told, parts, add, quoted=quoted, separators=_separators(state))
            case Variable(name=name, quoted=quoted):
                value = _value(piece, state, chosen, runner)
                if quoted and (plain(name) == "@" or name.endswith("[@]")):
                    parts(value, opens=False, closes=False)
                else:
                    told = " ".join(value)
                    _put(told, parts, add, quoted=quoted, separators=_separators(state))
        if len(made) > MOST_FIELDS or (current and len(current) > MOST_TEXT):
            return [HOLE]
    if current is not None:
        made.append(current)
    return [each.translate(_RESTORED) for text in made for each in braces(text)]


def _put(
    text: str,
    parts: Callable[..., None],
    add: Callable[[str], None],
    *,
    quoted: bool,
    separators: str,
) -> None:
    """What a variable or a command gives: as it is in quotes, in fields elsewhere."""
    if quoted:
        add(text.translate(_PROTECTED))
        return
    for each in separators:
        text = text.replace(each, " ")
    pieces = text.split()
    blank = text[:1].isspace(), text[-1:].isspace()
    if pieces or any(blank):
        parts([each.translate(_PROTECTED) for each in pieces], opens=blank[0], closes=blank[1])


def _separators(state: State) -> str:
    """What else than blanks a variable is split at, if the text says so."""
    values = state.variables.get("IFS", ())
    return "".join(each for value in values for text in value for each in text)[:16]


def _value(piece: Variable, state: State, chosen: Choices, runner: Runner) -> Value:
    name = plain(piece.name)
    if piece.otherwise is not None and not state.knows(name):
        told = " ".join(fields(piece.otherwise, state, chosen, runner))
        if piece.assigned:
            state.set(name, ((told,),))
        return (told,)
    value = chosen.get(name)
    if value is None:
        values: Values = state.values(name)
        value = values[0] if len(values) == 1 else (HOLE,)
    if name != piece.name and not piece.name.endswith(("[@]", "[*]")):
        index = piece.name.partition("[")[2].rstrip("]")
        return value[int(index) : int(index) + 1] if index.isdigit() and len(index) < 4 else (HOLE,)  # noqa: PLR2004
    if name == piece.name and name not in {"@", "*"}:
        return value[:1]  # an array without an index is its first
    return value


def braces(text: str) -> list[str]:
    """`a{b,c}` as `ab` and `ac`; as it is if that would be too many."""
    done: list[str] = []
    waiting = [text]
    while waiting:
        if len(done) + len(waiting) > _MOST_BRACES:
            return [text]
        each = waiting.pop(0)
        span = _brace(each)
        if span is None:
            done.append(each)
            continue
        start, cuts, end = span
        edges = [start, *cuts, end]
        waiting[:0] = [
            each[:start] + each[left + 1 : right] + each[end + 1 :]
            for left, right in pairwise(edges)
        ]
    return done


def _brace(text: str) -> tuple[int, list[int], int] | None:
    """The first pair of braces with a comma in it: where it opens, its commas, where it ends."""
    if "{" not in text or "," not in text:
        return None
    open_: list[tuple[int, list[int]]] = []
    for at, letter in enumerate(text):
        if letter == "{" and text[at - 1 : at] != "$":
            open_.append((at, []))
        elif letter == "," and open_:
            open_[-1][1].append(at)
        elif letter == "}" and open_:
            start, cuts = open_.pop()
            if cuts:
                return start, cuts, at
    return None
