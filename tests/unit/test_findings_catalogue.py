"""Every finding that the code can give is in the catalogue and has a page, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.finding_pages import FOLDER, SECTIONS, page_of

from plait.core.catalogue import GROUPS, RULES

SOURCES = Path(__file__).parents[2] / "src" / "plait"
CATALOGUE = SOURCES / "core" / "catalogue.py"
_CODE = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)+")
_FINDING = re.compile(r"Finding")
_ERROR = re.compile(r"\w+(?:Error|Lack|Needed)")  # what ends a command is no finding

# Constants that look like a code in modules that give findings, and what they are.
NO_CODES = {"NO_SUCH_PLAN": "an exception's, which `asked` lets other formats outdo"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """The modules in which findings are made: all formats, and whatever names `Finding`."""
    for path in sorted(SOURCES.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path != CATALOGUE and ("plans" in path.parts or re.search(r"\bFinding\(", text)):
            yield path, ast.parse(text)


def texts(tree: ast.AST) -> set[str]:
    """All strings."""
    nodes = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in nodes if isinstance(value, str)}


def calls(tree: ast.AST, name: re.Pattern[str]) -> Iterator[ast.Call]:
    """The calls of what is called so."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=called)) if name.fullmatch(called):
                yield node


def codes(tree: ast.AST) -> set[str]:
    """Strings that look like a code, and whatever is given to a finding as its code."""
    given = {
        text
        for call in calls(tree, _FINDING)
        for keyword in call.keywords
        if keyword.arg == "code"
        for text in texts(keyword.value)
    }
    return given | {text for text in texts(tree) if _CODE.fullmatch(text)}


def of_errors(tree: ast.AST) -> set[str]:
    """The codes of exceptions."""
    return {text for call in calls(tree, _ERROR) for text in codes(call)}


MODULES = list(modules())


@pytest.mark.parametrize(
    ("path", "tree"), MODULES, ids=[p.relative_to(SOURCES).as_posix() for p, _ in MODULES]
)
def test_every_code_in_a_module_is_in_the_catalogue(path, tree):
    """What a module can find has a line in the catalogue."""
    unknown = codes(tree) - of_errors(tree) - set(RULES) - set(NO_CODES)
    assert not unknown, f"add to core/catalogue.py, with a page: {', '.join(sorted(unknown))}"


def test_every_code_of_the_catalogue_is_found_by_some_module():
    """The catalogue promises no finding that nothing gives."""
    found = {code for _, tree in MODULES for code in codes(tree)}
    assert set(RULES) - found == set()
    assert set(NO_CODES) - found == set()


def test_each_group_is_in_the_order_of_the_alphabet_and_each_code_in_one():
    """A reader finds a code where it is looked for."""
    for group, rules in GROUPS.items():
        listed = [rule.code for rule in rules]
        assert listed == sorted(listed), group.value
    assert len(RULES) == sum(len(rules) for rules in GROUPS.values())


def test_every_meaning_is_a_sentence_and_every_severity_stands_once():
    """A meaning ends with a full stop and stands on one line."""
    for rule in RULES.values():
        assert _CODE.fullmatch(rule.code), rule.code
        assert re.fullmatch(r"[A-Z][^\n{}]{10,98}\.", rule.meaning), rule.code
        assert len(set(rule.severities)) == len(rule.severities) > 0, rule.code


@pytest.mark.parametrize("code", RULES)
def test_every_code_has_a_page_of_the_one_shape(code):
    """Title, meaning and severities as in the catalogue; what, why, how to mend, an example."""
    path = FOLDER / f"{code}.md"
    assert path.is_file(), f"write docs/reference/findings/{code}.md"
    page, rule = page_of(code), RULES[code]
    assert page.title == f"# {code}"
    assert page.meaning == rule.meaning
    assert page.severity == f"Severity: {' or '.join(rule.severities)}."
    assert page.sections == SECTIONS
    assert page.empty == ()
    assert code in page.told, "the example shows the line that `plait check` prints"


def test_no_page_is_without_a_code():
    """A page of a code that is gone goes too."""
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == set(RULES)
