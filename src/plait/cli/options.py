"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click


class Duration(click.ParamType[float]):
    """A time such as `90s`, `15m` or `1h30m`, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds. Fails for what is no time, and for none at all."""
        from plait.config import seconds_of

        if isinstance(value, float):
            return value
        try:
            seconds = seconds_of(value)
        except ValueError:
            seconds = 0.0
        if not seconds:
            self.fail(f"{value!r} is no duration like 90s, 15m or 1h30m", param, ctx)
        return seconds


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
