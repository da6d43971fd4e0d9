"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def repo(function: F) -> F:
    """`--repo DIR`: where to work, instead of the current folder."""
    return click.option(
        "--repo",
        "start",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        metavar="DIR",
        help="The repository to work in (default: the current folder's).",
    )(function)


def as_json(function: F) -> F:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(
        function
    )


def plan_format(function: F) -> F:
    """`--format`: override detection."""
    return click.option(
        "--format", "format_name", metavar="NAME", help="The plan's format, if detection errs."
    )(function)
