"""SQL contracts: every statement must be one that some common database reads.

Which database a contract is for is not written in it. So a statement is wrong only if no dialect
reads it; what a lenient parser lets pass (an empty list entry, a misspelt `TABEL`) is looked for.
Nothing is run: SQLite is asked to compile a statement, never to carry it out.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.contracts import extra, sql_heads, sql_types
from plait.plans.contracts.shelf import Contract, found

if TYPE_CHECKING:
    from sqlglot import Token

_MOST_CHARACTERS = 120_000
_MOST_RETRIED = 100_000  # characters read again in other dialects
_MOST_FINDINGS = 50
_DEEPEST = 100  # brackets
_DIALECTS = ("postgres", "mysql", "sqlite", "tsql")
_SIGNS = (
    ("mysql", re.compile(r"(?i)`|\bENGINE\s{0,5}=|\bAUTO_INCREMENT\b")),
    ("tsql", re.compile(r"(?im)^GO[ \t]*$|\[dbo\]|\bNVARCHAR\b")),
    (
        "sqlite",
        re.compile(r"(?im)\bAUTOINCREMENT\b|\bWITHOUT ROWID\b|^PRAGMA\b"),
    ),
)
_CLIENT = re.compile(r"(?m)^\\.*")  # commands of a client, not of SQL
_BATCH = re.compile(r"(?im)^GO(?=[ \t]*$)")
_BITS = re.compile(r"(?i)\bbit([ \t]{1,20})varying\b")  # the parser knows its short name alone
_CLASS = re.compile(r"<class '[^']{0,80}'>")
_OPENER = re.compile(r"--|/\*|'|\"|`|\$[A-Za-z_]{0,60}\$")
_CLOSERS = {"--": "\n", "/*": "*/"}
_READ = object()
_UNCLOSED = "no SQL: a quote or comment never closes"
_ROUTINES = frozenset({"TRIGGER", "FUNCTION", "PROCEDURE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """A statement's tokens; `routine` if statements of another language stand in it."""

    tokens: tuple[Token, ...]
    text: str
    routine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What is wrong at a character of the text."""

    message: str
    at: int
    hint: str = ""
    severity: Severity = Severity.ERROR


@dataclass(slots=True)
class _Reading:
    """What reading one file has used up and found."""

    text: str
    dialects: tuple[str, ...]
    sure: bool  # that the first of them is meant
    budget: int = _MOST_RETRIED
    parsed: list[tuple[Any, int]] = field(default_factory=list)  # trees, where their text begins
    created: set[str] = field(default_factory=set)  # types


def available() -> bool:
    """Whether the parser is installed."""
    return extra.load("sqlglot") is not None


def check(contract: Contract) -> Iterator[Finding]:
    """`CONTRACT_SYNTAX` for statements that no dialect reads, `CONTRACT_SQL_TYPE` for types."""
    text = _plain(contract.source.text)
    if len(text) > _MOST_CHARACTERS:
        yield found(
            contract,
            "CONTRACT_TOO_LARGE",
            f"more than {_MOST_CHARACTERS:,} characters of SQL: not checked",
            severity=Severity.WARNING,
            hint="a contract is the schema, not the data: leave rows out",
        )
        return
    likely = [name for name, sign in _SIGNS if sign.search(text)]
    dialects = tuple(dict.fromkeys([*likely, *_DIALECTS]))
    reading = _Reading(text=text, dialects=dialects, sure=bool(likely))
    with _quiet():
        faults = list(islice(_faults(reading), _MOST_FINDINGS))
        types = list(sql_types.unknown(reading.parsed, reading.created))
    for fault in faults:
        yield found(
            contract,
            "CONTRACT_SYNTAX",
            fault.message,
            at=_span(contract, text, fault.at),
            severity=fault.severity,
            hint=fault.hint or "mend the statement; it was read as " + ", ".join(reading.dialects),
        )
    for unknown in types[:_MOST_FINDINGS]:
        yield found(
            contract,
            "CONTRACT_SQL_TYPE",
            f"type {unknown.name!r} is neither a common one nor created here",
            at=_span(contract, text, unknown.at),
            severity=Severity.ERROR if unknown.meant else Severity.INFO,
            hint=f"did you mean {unknown.meant!r}?" if unknown.meant else "create it here first",
        )


def _plain(text: str) -> str:
    """The text without what is no SQL or not known to the parser, each character in its place."""
    text = _CLIENT.sub(lambda found: " " * len(found[0]), text)
    text = _BITS.sub(lambda found: "varbit" + " " * (len(found[0]) - len("varbit")), text)
    return _BATCH.sub("; ", text)


def _faults(reading: _Reading) -> Iterator[_Fault]:
    from sqlglot.errors import TokenError

    text = reading.text
    for dialect in reading.dialects:
        try:
            tokens = _tokens(text, dialect)
        except TokenError:
            continue
        for statement in _statements(tokens, text):
            fault = _lists(statement) or _read(statement, dialect, reading)
            if fault is not None:
                yield fault
        return
    yield _Fault(message=_UNCLOSED, at=_opened(text), hint="close it")


def _opened(text: str) -> int:
    """Where the quote or comment begins that never closes."""
    at = 0
    while opener := _OPENER.search(text, at):
        closer = _CLOSERS.get(opener[0], opener[0])
        end = text.find(closer, opener.end())
        if end < 0:
            return opener.start() if closer != "\n" else 0
        at = end + len(closer)
    return 0


def _tokens(text: str, dialect: str) -> list[Token]:
    from sqlglot import Dialect

    return Dialect.get_or_raise(dialect).tokenize(text)


def _statements(tokens: Sequence[Token], text: str) -> Iterator[_Statement]:
    """Divided at semicolons, but for those in the body of a trigger or a routine."""
    part: list[Token] = []
    routine = body = False
    for token in tokens:
        word = token.text.upper()
        if token.text == ";" and not (body and part and part[-1].text.upper() != "END"):
            if part:
                yield _statement(part, text, routine=routine and body)
            part, routine, body = [], False, False
            continue
        part.append(token)
        if len(part) <= 8 and word in _ROUTINES and part[0].text.upper() == "CREATE":  # noqa: PLR2004
            routine = True
        body = body or (routine and word in {"BEGIN", "ATOMIC"})
    if part:
        yield _statement(part, text, routine=routine and body)


def _statement(part: list[Token], text: str, *, routine: bool) -> _Statement:
    own = text[part[0].start : part[-1].end + 1]
    return _Statement(tokens=tuple(part), text=own, routine=routine)


def _lists(statement: _Statement) -> _Fault | None:
    """Brackets that do not match, and lists with an empty entry: the parser lets these pass."""
    opened: list[Token] = []
    before = ""
    for token in statement.tokens:
        text = token.text if len(token.text) == 1 else "x"
        if token.token_type.name in {"STRING", "IDENTIFIER"}:
            text = "x"
        if text == "(":
            opened.append(token)
            if len(opened) > _DEEPEST:
                return _at(token, "no SQL: nested too deeply to be read", "write it flatter")
        elif text == ")":
            if not opened:
                return _at(token, "no SQL: this bracket was not opened", "remove it")
            opened.pop()
        if text in {",", ")"} and before == ",":
            return _at(token, "no SQL: the list has an empty entry", "remove the comma before it")
        if text == "," and before == "(":
            return _at(token, "no SQL: the list has an empty entry", "remove the comma")
        before = text
    if opened:
        return _at(opened[-1], "no SQL: this bracket never closes", "close it")
    return None


def _read(statement: _Statement, dialect: str, reading: _Reading) -> _Fault | None:
    """The fault of a statement that no dialect and not SQLite itself reads."""
    words = _words(statement)
    reading.created |= sql_heads.created(words)
    fault = sql_heads.fault(words)
    if fault is not None:
        return _at(statement.tokens[fault.position], f"no SQL: {fault.message}", fault.hint)
    if statement.routine:
        return None
    problems: dict[str, _Fault | None] = {}  # None where a dialect knows the beginning alone
    for name in (dialect, *(other for other in reading.dialects if other != dialect)):
        if problems:
            reading.budget -= len(statement.text)
            if reading.budget < 0:
                break
        problem = _parse(statement, name, reading, again=bool(problems))
        if problem is _READ:
            return None
        problems[name] = problem if isinstance(problem, _Fault) else None
    start = statement.tokens[0]
    if sql_heads.opaque(words) and words[0].upper() not in {"ALTER", "DROP"}:
        return None
    misspelt = sql_heads.misspelt(words)
    if misspelt is not None:
        at = statement.tokens[misspelt.position]
        return _at(at, f"no SQL: {misspelt.message}", misspelt.hint)
    asks = sql_heads.of_any_shape(words) or problems.get("sqlite", start) is None
    if asks and _compiles(statement.text):
        return None
    faults = [problem for problem in problems.values() if problem is not None]
    likely = problems[dialect] if reading.sure else None
    if likely is None and len(faults) < len(problems):
        return _doubtful(statement, start)
    first = likely or faults[0]
    return first if sql_heads.surely_read(words) else replace(first, severity=Severity.WARNING)


def _parse(
    statement: _Statement, dialect: str, reading: _Reading, *, again: bool
) -> _Fault | object | None:
    """`_READ` if a dialect reads it, None if it only knows how it begins, else its fault."""
    from sqlglot import Dialect, exp
    from sqlglot.errors import ParseError, TokenError

    start = statement.tokens[0]
    base, text = (start.start, statement.text) if again else (0, reading.text)
    try:
        tokens = _tokens(text, dialect) if again else list(statement.tokens)
        trees = Dialect.get_or_raise(dialect).parser().parse(tokens, text)
    except ParseError as error:
        return _of_error(error, text, base)
    except TokenError:
        return _at(start, _UNCLOSED, "close it")
    except RecursionError:
        return _at(start, "no SQL: nested too deeply to be read", "write it flatter")
    known = [tree for tree in trees if tree is not None]
    if any(isinstance(tree, exp.Condition | exp.Alias) for tree in known):
        return _at(start, f"no SQL: no statement begins with {start.text[:40]!r}")
    if any(isinstance(tree, exp.Command) for tree in known):
        return _READ if sql_heads.opaque(_words(statement)) else None
    reading.parsed += ((tree, base) for tree in known)
    return _READ


def _of_error(error: Any, text: str, start: int) -> _Fault:
    """The parser's complaint; it counts lines and columns in `text`, to the end of a word."""
    said = error.errors[0] if error.errors else {}
    word = str(said.get("highlight") or "")
    at = 0
    for _ in range((said.get("line") or 1) - 1):
        at = text.find("\n", at) + 1
    at += max(0, (said.get("col") or 1) - max(len(word), 1))
    what = str(said.get("description") or "cannot be read").rstrip(".").lower()
    what = _CLASS.sub("what stands here", what)[:120]
    near = f" at {word[:40]!r}" if word else ""
    return _Fault(message=f"no SQL: {what}{near}", at=start + at)


def _doubtful(statement: _Statement, start: Token) -> _Fault:
    head = " ".join(token.text for token in statement.tokens[:4])[:60]
    return _Fault(
        message=f"`{head} …` begins as SQL but could not be read to its end",
        at=start.start,
        hint="check it on your database, or write it more simply",
        severity=Severity.WARNING,
    )


def _compiles(text: str) -> bool:
    """Whether SQLite reads it; that a table is missing is no fault of the syntax."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.set_authorizer(lambda action, *_: _allowed(action))
        database.set_progress_handler(lambda: 1, 100_000)
        try:
            database.execute(f"EXPLAIN {text}").close()
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            said = str(error)
            return said.startswith("no such") and "module" not in said
    return True


def _allowed(action: int) -> int:
    refused = action in {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_PRAGMA}
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def _words(statement: _Statement) -> list[str]:
    """How a statement begins; of keywords that are one token (`PRIMARY KEY`) the first word."""
    return [token.text.partition(" ")[0] for token in statement.tokens[:40]]


def _at(token: Token, message: str, hint: str = "") -> _Fault:
    return _Fault(message=message, at=token.start, hint=hint)


def _span(contract: Contract, text: str, at: int) -> Span:
    at = min(at, len(text))
    line = text.count("\n", 0, at) + 1
    return Span(file=contract.name, line=line, column=at - text.rfind("\n", 0, at))


@contextmanager
def _quiet() -> Iterator[None]:
    """The parser also logs what it cannot read: that is told by findings."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
