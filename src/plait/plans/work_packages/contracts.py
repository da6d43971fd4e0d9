"""The contract files of an OpenSpec change: those it names, what is generated, and its folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.openspec_layout import Change
from plait.plans.places import MOST_BELOW, below
from plait.plans.yaml_source import Document

_FOLDER = "contracts"
_GENERATED = {
    "pydantic_dir": (".py", ".pyi"),
    "typescript_dir": (".ts", ".tsx", ".mts", ".cts"),
}


def check(document: Document, change: Change) -> list[Finding]:
    """The findings of all contracts that exist; what is declared and missing is not told here."""
    if change.id is None and not change.source.in_repository:
        return []  # a file on its own: where its contracts lie is not known
    found = list(dict.fromkeys(islice(_files(document, change), MOST_BELOW)))
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
            yield from (path for path in _unlinked(folder) if path.suffix.lower() in suffixes)
    own = change.find_folder(str(change.folder / _FOLDER))
    if change.id is not None and own is not None:
        yield from _unlinked(own)


def _unlinked(folder: Path) -> Iterator[Path]:
    """The regular files below a folder: what nobody named is not read through a link."""
    yield from (path for path in below(folder) if path.is_file() and not path.is_symlink())
