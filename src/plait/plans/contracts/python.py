"""Python contracts: parsed, never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.contracts.shelf import Contract, found

_MOST_CHARACTERS = 500_000


def check(contract: Contract) -> Iterator[Finding]:
    """`CONTRACT_SYNTAX` for what this Python cannot parse."""
    text = contract.source.text
    if len(text) > _MOST_CHARACTERS:
        yield found(
            contract,
            "CONTRACT_TOO_LARGE",
            f"more than {_MOST_CHARACTERS:,} characters of Python: not checked",
            severity=Severity.WARNING,
            hint="divide it",
        )
        return
    if "\0" in text:
        at = text.index("\0")
        line = text.count("\n", 0, at) + 1
        yield _wrong(contract, "a null byte", line, at - text.rfind("\n", 0, at))
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it says, not of whether it parses
            ast.parse(text, filename=contract.name)
    except SyntaxError as error:
        yield _wrong(contract, error.msg, error.lineno or 1, error.offset or 1)
    except (RecursionError, MemoryError):
        yield _wrong(contract, "nested too deeply to be parsed", 1, 1)
    except ValueError as error:  # a number of thousands of digits
        yield _wrong(contract, str(error), 1, 1)


def _wrong(contract: Contract, message: str, line: int, column: int) -> Finding:
    lines = contract.source.lines
    line = min(max(line, 1), max(len(lines), 1))
    return found(
        contract,
        "CONTRACT_SYNTAX",
        f"no Python: {message}",
        at=Span(file=contract.name, line=line, column=max(column, 1)),
        hint="mend the syntax; the file is parsed by the Python that runs this",
    )
