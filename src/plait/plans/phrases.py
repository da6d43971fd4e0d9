"""The words of a dependency phrase: which name something, which only qualify it.

Syntax alone: `parse` yields terms, `references` looks them up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum

_TOKEN = re.compile(
    r"(?P<word>[A-Za-z0-9]+(?:[.\-‐‑–—~〜～][A-Za-z0-9]+)*)"  # noqa: RUF001 - dashes as written
    r"|(?P<open>[(（\[【])|(?P<close>[)）\]】])"  # noqa: RUF001
    r"|(?P<dash>[-‐‑–—~〜～])|(?P<sep>[,;&+/→、，；])"  # noqa: RUF001
    r"|(?P<all>全タスク|全て|すべて)"
)
_NULL = re.compile(r"(?:none|nothing|no|nil|null|n/?a)\b|なし|無し|無\b|$", re.IGNORECASE)
_BLANK = " \t.-–—_*[]()（）"  # noqa: RUF001
_DASHES = re.compile(r"[-‐‑–—~〜～]")  # noqa: RUF001
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.(?:[0-9]{1,9}|[A-Z]))*[a-z]?")
_WORDED = re.compile(
    r"([A-Za-z]{1,12})(?:[-.]?[0-9]{1,9}[a-z]?|-[A-Z]|-FINAL)(?:[-.](?:[0-9]{1,9}[a-z]?|[A-Z]))*"
)
_CAPITAL = re.compile(r"[A-Z]")
_LONGEST = 64  # no id is longer; longer words are not looked into
_THROUGH = frozenset({"through", "thru", "to", "until"})
_JOINING = frozenset({"and", "or", "plus"})
_NEUTRAL_WORDS = """
    after all are approval approvals approved be been both complete completed completes
    completion depends dependencies development done each either every failed finish finished
    from have id ids implementation is landed merged must need needs number of on optional
    partial partially pass passed passes previous prior ready requires review reviews the their
    these those until when with
"""
_NEUTRAL = frozenset(_NEUTRAL_WORDS.split())
# Words that say what is not needed: "in parallel with Phase 3", "does not depend on Task 2".
_APART = {
    **dict.fromkeys(
        ("parallel", "parallelizable", "concurrent", "concurrently", "simultaneously"),
        frozenset({"with", "to"}),
    ),
    **dict.fromkeys(("independent", "independently"), frozenset({"of", "from"})),
    "not": frozenset({"blocked", "depend", "dependent", "depends", "need", "require"}),
}
_AGAIN = frozenset({"after", "requires", "needs", "but"})  # and these what is


class Noun(StrEnum):
    """What a term names."""

    ITEM = "item"  # a task or gate, by its id
    TRACK = "track"
    GROUP = "group"
    PHASE = "phase"
    ALL = "all"


_NOUNS = {
    "task": Noun.ITEM,
    "step": Noun.ITEM,
    "track": Noun.TRACK,
    "group": Noun.GROUP,
    "wave": Noun.GROUP,
    "phase": Noun.PHASE,
}
_EVERYTHING = frozenset({"all", "everything"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One name, or a range from `first` to `last`; `offset` counts from the phrase's start."""

    noun: Noun
    first: str
    last: str | None = None
    text: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase's terms; `null` says that it states there are none."""

    terms: tuple[Term, ...] = ()
    null: bool = False


def parse(phrase: str, prefixes: Collection[str], known: Callable[[str], bool]) -> Phrase:
    """The terms of a phrase.

    Args:
        phrase: The words.
        prefixes: Words in capitals that ids begin with.
        known: Whether a word is an id.
    """
    if _NULL.match(phrase.lstrip(_BLANK)):
        return Phrase(null=True)
    tokens = list(_TOKEN.finditer(phrase))
    reader = _Reader(tokens=tokens, ends=_pairs(tokens), prefixes=prefixes, known=known)
    return Phrase(terms=tuple(reader.read(0, len(tokens))))


def _pairs(tokens: list[re.Match[str]]) -> dict[int, int]:
    """For each opening bracket the place of its closing one, where it has one."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token.lastgroup == "open":
            opened.append(at)
        elif token.lastgroup == "close" and opened:
            pairs[opened.pop()] = at
    return pairs


@dataclass(slots=True)
class _Reader:
    tokens: list[re.Match[str]]
    ends: dict[int, int]
    prefixes: Collection[str]
    known: Callable[[str], bool]
    nested: bool = False
    terms: list[Term] = field(default_factory=list)
    noun: Noun | None = None
    clause: int = 0  # the first term under the present noun
    foreign: bool = False  # an unknown word stands before: a bare number belongs to it
    joined: bool = True  # a separator stands before

    def read(self, start: int, stop: int) -> list[Term]:
        at = start
        while at < stop:
            token = self.tokens[at]
            match token.lastgroup:
                case "open":
                    at = self._bracket(at)
                case "sep":
                    self._separate()
                case "all":
                    self._everything(token)
                case "word":
                    at = self._word(at)
                case _:  # a lone dash or closing bracket says nothing
                    pass
            at += 1
        return self.terms

    def _separate(self) -> None:
        self.foreign, self.joined = False, True

    def _bracket(self, at: int) -> int:
        """Read or skip brackets; returns the place of the last token taken.

        Behind a collective ("Track A completion (Tasks 1-3)") they say what is meant; behind
        an id ("PR-A (approved)") they only comment; with nothing before they are read through.
        """
        end = self.ends.get(at)
        if end is None or not self.terms:
            return at
        if self.terms[-1].noun is not Noun.ITEM and not self.nested:
            inner = _Reader(
                tokens=self.tokens,
                ends=self.ends,
                prefixes=self.prefixes,
                known=self.known,
                nested=True,
            )
            exact = inner.read(at + 1, end)
            if any(term.noun is not Noun.ALL for term in exact):  # "(all tests pass)" comments
                self.terms[self.clause :] = exact
        return end

    def _everything(self, token: re.Match[str]) -> None:
        self.clause = len(self.terms)
        self._add(Term(noun=Noun.ALL, first="", text=token[0], offset=token.start()))

    def _word(self, at: int) -> int:
        """Take a word, or a range of two; returns the place of the last token taken."""
        token = self.tokens[at]
        low = token[0].lower()
        following = self.tokens[at + 1][0].lower() if at + 1 < len(self.tokens) else ""
        if following in _APART.get(low, ()):
            return self._apart(at + 1)
        noun = _NOUNS.get(low.removesuffix("s"))
        if noun:
            self.noun, self.foreign = noun, False
            if not (self.terms and self.terms[-1].noun is Noun.ALL):
                self.clause = len(self.terms)
        elif low in _EVERYTHING and not (self.terms and self._qualifies(at + 1)):
            self._everything(token)
        elif low in _JOINING:
            self._separate()
        elif term := self._term(token):
            return self._range(at, term)
        elif low not in _NEUTRAL and low not in _THROUGH:
            self.foreign = True
        return at

    def _apart(self, at: int) -> int:
        """Pass over what is not needed; returns the place of the last token passed."""
        for end in range(at + 1, len(self.tokens)):
            token = self.tokens[end]
            closed = token.lastgroup == "close" or token[0] in {";", "；"}  # noqa: RUF001
            if closed or token[0].lower() in _AGAIN:
                return end - 1
        return len(self.tokens) - 1

    def _qualifies(self, at: int) -> bool:
        """Whether "all" before that token belongs to names already read ("all approved")."""
        word = self.tokens[at][0].lower() if at < len(self.tokens) else ""
        return word in _NEUTRAL

    def _term(self, token: re.Match[str]) -> Term | None:
        """The word as a name or a range. A dash joins (CR-1) or counts (4-6): ids decide."""
        word = token[0]
        if len(word) > _LONGEST:
            return None
        if self._plain(word) or (word[0].isalpha() and self.known(word)):
            return self._named(word, None, token.start(), word)
        for dash in _DASHES.finditer(word):
            first, last = word[: dash.start()], word[dash.end() :]
            sure = word[0].isdigit() or self.known(first) or self.known(last)
            if (sure or self._plain(first)) and self._single(first) and self._ends(last):
                return self._named(first, last, token.start(), word)
        return self._named(word, None, token.start(), word) if self._single(word) else None

    def _range(self, at: int, term: Term) -> int:
        """Add a term; if a dash or "through" and another name follow, the range of both."""
        words = self.tokens[at + 1 : at + 3]
        if term.last is None and len(words) == 2:  # noqa: PLR2004 - the link and the end
            link, end = words
            linked = link.lastgroup == "dash" or link[0].lower() in _THROUGH
            if linked and self._ends(end[0]):
                text = end.string[term.offset : end.end()]
                self._add(self._named(term.first, end[0], term.offset, text))
                return at + 2
        self._add(term)
        return at

    def _add(self, term: Term) -> None:
        # "All of Tasks 1-3": the names say what "all" means.
        if self.terms and self.terms[-1].noun is Noun.ALL and not self.joined:
            self.terms.pop()
        self.terms.append(term)
        self.joined = self.foreign = False

    def _named(self, first: str, last: str | None, offset: int, text: str) -> Term:
        worded = first[0].isalpha() and not _CAPITAL.fullmatch(first)
        noun = Noun.ITEM if worded or self.noun is None else self.noun
        return Term(noun=noun, first=first, last=last, offset=offset, text=text)

    def _single(self, word: str) -> bool:
        """Whether a word can be a name here: an id, shaped as one, or a track's letter."""
        if len(word) > _LONGEST:
            return False
        if self._plain(word) or (word[0].isalpha() and self.known(word)):
            return True
        shaped = _WORDED.fullmatch(word)
        return shaped is not None and shaped[1].upper() in self.prefixes

    def _plain(self, word: str) -> bool:
        """A bare number, or the letter of a track."""
        if _CAPITAL.fullmatch(word):
            return self.noun in {Noun.TRACK, Noun.GROUP, Noun.PHASE}
        return bool(_NUMBER.fullmatch(word)) and not self.foreign

    def _ends(self, word: str) -> bool:
        """Whether a word can be a range's last name."""
        return bool(_CAPITAL.fullmatch(word)) or self._single(word)
