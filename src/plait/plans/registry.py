"""The formats that are installed: what ships with Plait and what plug-ins add, by one door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points

from plait.core.finding import Finding, Severity
from plait.errors import PlaitError, UsageError
from plait.ports import PlanFormat

GROUP = "plait.plans"
_PARTS = ("name", "locate", "by_place", "by_content", "load")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Formats by name, in the order of names; `broken` tells why one could not be loaded."""

    formats: Mapping[str, PlanFormat]
    broken: Mapping[str, str]

    def warnings(self) -> tuple[Finding, ...]:
        """A finding for each plug-in that could not be loaded."""
        return tuple(
            Finding(
                code="FORMAT_BROKEN",
                severity=Severity.WARNING,
                message=f"plan format {name!r} could not be loaded: {reason}",
                hint="update or remove the package that brings it",
            )
            for name, reason in self.broken.items()
        )


def registered() -> Registry:
    """All formats of the entry points `plait.plans`."""
    formats: dict[str, PlanFormat] = {}
    broken: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            loaded = entry.load()
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
            broken[entry.name] = _told(error)
            continue
        lacks = [part for part in _PARTS if not hasattr(loaded, part)]
        if lacks:
            broken[entry.name] = f"it has no {', '.join(lacks)}"
        else:
            formats.setdefault(entry.name, loaded)
    return Registry(formats=formats, broken=broken)


@contextmanager
def blamed(plan_format: PlanFormat) -> Iterator[None]:
    """Turn what a plug-in raises into an error that names it; Plait's own faults stay faults.

    Raises:
        UsageError: `FORMAT_FAILED`.
    """
    try:
        yield
    except PlaitError:
        raise
    except Exception as error:
        if type(plan_format).__module__.startswith("plait."):
            raise
        raise UsageError(
            f"plan format {plan_format.name!r} failed: {_told(error)}",
            code="FORMAT_FAILED",
            hint="report it to those who make it; --format reads the plan as another one",
        ) from error


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]
