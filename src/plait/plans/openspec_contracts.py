"""The contract files of an OpenSpec change: those it names, what is generated, and its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.openspec_layout import Change
from plait.plans.yaml_source import Document

_FOLDER = "contracts"
_GENERATED = {
    "pydantic_dir": (".py", ".pyi"),
    "typescript_dir": (".ts", ".tsx", ".mts", ".cts"),
}
_MOST_ENTRIES = 2000  # of folders, looked at


def check(document: Document, change: Change) -> list[Finding]:
    """The findings of all contracts that exist; what is declared and missing is not told here."""
    if change.id is None and not change.source.in_repository:
        return []  # a file on its own: where its contracts lie is not known
    found = list(dict.fromkeys(islice(_files(document, change), _MOST_ENTRIES)))
    if not found:
        return []
    from plait.plans import contracts

    files = [contracts.ContractFile(path=path, name=change.label(path)) for path in found]
    return contracts.check(files, root=change.root)


def _files(document: Document, change: Change) -> Iterator[Path]:
    openapi = document.node(("contracts", "openapi", "files"))
    listed = openapi.value if openapi is not None and isinstance(openapi.value, list) else []
    names = [document.text(("contracts", "openapi", "primary"))]
    names += [item.value for item in listed if isinstance(item.value, str)]
    for name in names:
        path = change.find(name) if name else None
        if path is not None:
            yield path
    for field, suffixes in _GENERATED.items():
        folder = change.find_folder(document.text(("contracts", "generated", field)))
        if folder is not None:
            yield from (path for path in _below(folder) if path.suffix.lower() in suffixes)
    own = change.find_folder(str(change.folder / _FOLDER))
    if change.id is not None and own is not None:
        yield from _below(own)


def _below(folder: Path) -> Iterator[Path]:
    """The regular files below a folder, in the order of their names; links are not followed."""
    seen = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            seen += 1
            path = Path(place, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path
        if seen > _MOST_ENTRIES:
            return
