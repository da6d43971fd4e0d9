"""Contracts composed for tests: files written to a folder, and what is found in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.contracts import ContractFile, check

OPENAPI = "openapi: 3.1.0\ninfo: {title: Parcels, version: '1'}\n"
DIALECT = '"$schema": "https://json-schema.org/draft/2020-12/schema"'


def findings(root: Path, files: Mapping[str, str], only: Iterable[str] = ()) -> list[Finding]:
    """Write files below a root and check them, or only some of them."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    named = [ContractFile(path=root / name, name=name) for name in only or files]
    return check(named, root=root)


def told(found: Iterable[Finding]) -> list[str]:
    """Findings in short: severity, code and place."""
    return [f"{finding.severity} {finding.code} {finding.span}" for finding in found]
