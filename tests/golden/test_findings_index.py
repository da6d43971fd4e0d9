"""The index of the findings' pages is what the catalogue says."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes.finding_pages import FOLDER
from tests.golden.conftest import Golden

from plait.core.catalogue import GROUPS

INDEX = FOLDER / "README.md"


def tables() -> Iterator[str]:
    """A section for each group, a row for each code."""
    for group, rules in GROUPS.items():
        yield f"\n## {group.value}\n\n| code | severity | meaning |\n|---|---|---|\n"
        for rule in rules:
            severities = " or ".join(rule.severities)
            yield f"| [{rule.code}]({rule.code}.md) | {severities} | {rule.meaning} |\n"


def test_the_index_lists_every_code_in_its_group(golden: Golden) -> None:
    """What stands above the tables is written by hand; the tables are the catalogue's."""
    head, _, _ = INDEX.read_text(encoding="utf-8").partition("\n## ")
    golden(str(INDEX), head + "".join(tables()))
