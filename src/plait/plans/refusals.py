"""What cannot be read becomes a finding with its hint: a format's `load` raises nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.errors import PlaitError
from plait.ports import Loaded

_REPAIR = "repair the file, or delete it"


def total(read: Callable[[], Loaded], file: str, findings: Sequence[Finding] = ()) -> Loaded:
    """What `read` returns; where it fails, no plan but the reason.

    Args:
        read: Reads a plan; it may raise a `PlaitError`, or an `OSError` of a folder.
        file: The plan's main file.
        findings: What `read` has told by then.
    """
    try:
        return read()
    except PlaitError as error:
        wrong = refused(error, error.where or file)
    except OSError as error:
        wrong = Finding(
            code="PLAN_UNREADABLE",
            severity=Severity.ERROR,
            message=f"a folder beside it cannot be read: {error.strerror}",
            span=Span(file=file),
            hint="check that you may read the folders around it",
        )
    return Loaded(plan=None, findings=tuple(dict.fromkeys((*findings, wrong))))


def refused(error: PlaitError, file: str) -> Finding:
    """The finding for an error in the plan's own file."""
    return Finding(
        code=error.code,
        severity=Severity.ERROR,
        message=error.message,
        span=Span(file=file),
        hint=error.hint,
    )


def ignored(why: str, span: Span, *, hint: str = _REPAIR) -> Finding:
    """`SIDECAR_IGNORED`: a file beside the plan, or a part of it, cannot be used."""
    return Finding(
        code="SIDECAR_IGNORED",
        severity=Severity.WARNING,
        message=why,
        span=span,
        hint=hint,
    )
