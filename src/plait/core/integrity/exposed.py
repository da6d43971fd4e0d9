"""Secrets that a commit would put into the history for good."""

from __future__ import annotations

from collections.abc import Iterator

from plait.core.finding import Finding
from plait.core.integrity.change import Subject, grave, slight
from plait.core.leak import Clean, leaks

_HINT = (
    "take it out, and read it from the environment when it is needed; a real one is to be "
    "replaced where it is valid; or have it accepted: `plait answer RUN PACKAGE yes`"
)


def judge_secrets(subject: Subject, clean: Clean) -> Iterator[Finding]:
    """The keys, tokens and passwords in lines that the commit adds.

    Args:
        subject: Whose commit it is.
        clean: A line without keys of well-known forms.
    """
    # A file that was renamed is one that is gone, and a new one.
    gone = "\n".join(each.old for each in subject.changes if each.old and each.new is None)
    for change in subject.changes:
        before = "\n".join(each for each in (change.old, gone) if each)
        for leak in leaks(before, change.new, clean):
            made = grave if leak.certain else slight
            yield made(
                "SECRET_ADDED",
                f"what is added there looks like {leak.what}",
                _HINT,
                file=change.path,
                line=leak.line,
            )
