"""Contract files: what each is taken for, and the mistakes that all kinds share."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.contracts import DIALECT, OPENAPI, findings, told

from plait.plans import contracts
from plait.plans.contracts import MOST_FILES
from plait.plans.contracts.kinds import Kind
from plait.plans.contracts.shelf import Shelf

FILES = {
    "api.yaml": f"{OPENAPI}paths: {{}}\n",
    "parcel.json": f"{{{DIALECT}}}",
    "tables.sql": "create table parcels (id int);\n",
    "types.ts": "export interface Parcel { id: string }\n",
    "models.py": "class Parcel: pass\n",
    "README.md": "# Parcels\n",
    "settings.yaml": "colour: red\n",
    "logo.png": "\x00\x01",
}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.yaml", "openapi: 3.1.0\n", Kind.OPENAPI),
        ("a.json", '{"openapi": "3.0.3"}', Kind.OPENAPI),
        ("a", "openapi: 3.1.0\n", Kind.OPENAPI),
        ("a.txt", '{"openapi": "3.0.3"}', Kind.OPENAPI),
        ("a.yaml", "swagger: '2.0'\n", Kind.OPENAPI),
        ("a.yaml", "opnapi: 3.1.0\ninfo: {}\npaths: {}\n", Kind.OPENAPI),
        ("openapi/parts.yaml", "components: {}\n", Kind.DATA),
        ("a.json", f"{{{DIALECT}}}", Kind.JSON_SCHEMA),
        ("a.json", '{"$schema": "./b.schema.json", "type": "x"}', Kind.DATA),
        ("a.schema.json", '{"type": "object"}', Kind.JSON_SCHEMA),
        ("schemas/a.json", '{"properties": {}}', Kind.JSON_SCHEMA),
        ("events/a.json", '{"properties": {}}', Kind.JSON_SCHEMA),
        ("events/a.json", '{"specversion": "1.0", "type": "a"}', Kind.EVENT),
        ("a.json", '{"type": "object"}', Kind.DATA),
        ("a.sql", "select 1", Kind.SQL),
        ("a.MD", "x", Kind.MARKDOWN),
        ("a.pyi", "x", Kind.PYTHON),
        ("a.d.ts", "x", Kind.TYPESCRIPT),
        ("a.cedarschema", "x", Kind.OTHER),
    ],
)
def test_what_a_file_is(name: str, text: str, kind: Kind, tmp_path: Path) -> None:
    """Content decides first, then suffix and place."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    contract = Shelf(tmp_path).take(path, name)
    assert contract is not None
    assert contract.kind is kind


def test_sound_files_of_every_kind(tmp_path: Path) -> None:
    """What is right has no finding, and what is of no known kind is left alone."""
    assert findings(tmp_path, FILES) == []


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("jsonschema_rs", "api.yaml, parcel.json"),
        ("openapi_spec_validator", "api.yaml, parcel.json"),
        ("sqlglot", "tables.sql"),
        ("tree_sitter", "types.ts"),
        ("tree_sitter_typescript", "types.ts"),
    ],
)
def test_a_validator_that_is_not_installed(
    module: str, names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One finding says which files were not validated and what to install."""
    monkeypatch.setitem(sys.modules, module, None)
    (finding,) = findings(tmp_path, FILES)
    assert told([finding]) == [f"info CONTRACT_ONLY_PARSED {names.partition(',')[0]}:1:1"]
    assert finding.message.endswith(f": {names}")
    assert finding.hint == "install plait[contracts]"


def test_what_is_checked_without_validators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Syntax, references, operation ids and parameters need no validator."""
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    text = f"{OPENAPI}paths:\n  /a/{{id}}:\n    get: {{responses: {{$ref: '#/b'}}}}\n"
    assert told(findings(tmp_path, {"a.yaml": text, "b.json": "{,}"})) == [
        "info CONTRACT_ONLY_PARSED a.yaml:1:1",
        "error CONTRACT_PARAMETER_MISSING a.yaml:5:5",
        "error CONTRACT_REF_MISSING a.yaml:5:29",
        "error CONTRACT_SYNTAX b.json:1:2",
    ]


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("a.yaml", "openapi: 3.1.0\ninfo: [\n", "error CONTRACT_SYNTAX a.yaml:2:8"),
        ("a.yaml", "a: b: c\n", "error CONTRACT_SYNTAX a.yaml:1:5"),
        ("a.yaml", "a: 1\nb: 2\na: 3\n", "error CONTRACT_DUPLICATE_KEY a.yaml:3:1"),
        ("a.json", '{\n  "a": 1,\n  "a": 2\n}', "error CONTRACT_DUPLICATE_KEY a.json:3:3"),
        ("a.json", '{\n\t"a": 1,\n}', "error CONTRACT_SYNTAX a.json:3:1"),
        ("a.json", "[1 2]", "error CONTRACT_SYNTAX a.json:1:4"),
        ("a.json", "{'a': 1}", "error CONTRACT_SYNTAX a.json:1:2"),
        ("a.json", '{"a" 1}', "error CONTRACT_SYNTAX a.json:1:6"),
        ("a.json", '{"a": tru}', "error CONTRACT_SYNTAX a.json:1:7"),
        ("a.json", '{"a": 010}', "error CONTRACT_SYNTAX a.json:1:8"),
        ("a.json", '{"a": "b\n"}', "error CONTRACT_SYNTAX a.json:1:9"),
        ("a.json", '{"a": "\\x"}', "error CONTRACT_SYNTAX a.json:1:8"),
        ("a.json", '{"a": [1', "error CONTRACT_SYNTAX a.json:1:9"),
        ("a.json", "{} {}", "error CONTRACT_SYNTAX a.json:1:4"),
        ("a.yaml", " \n", "error CONTRACT_EMPTY a.yaml:1:1"),
        ("a.json", "", "error CONTRACT_EMPTY a.json:1:1"),
        ("a.sql", "\n", "error CONTRACT_EMPTY a.sql:1:1"),
        ("a.md", "\n\n", "error CONTRACT_EMPTY a.md:1:1"),
        ("a.md", "# A\n\n  ```\n  x\n", "warning CONTRACT_FENCE_OPEN a.md:3:3"),
        ("a.md", "# A\n<!-- x\n", "warning CONTRACT_FENCE_OPEN a.md:2:1"),
    ],
)
def test_one_mistake(name: str, text: str, finding: str, tmp_path: Path) -> None:
    """One mistake is one finding, at its place, with what to do."""
    found = findings(tmp_path, {name: text})
    assert told(found) == [finding]
    assert found[0].hint


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -0.5, 1e9, true, null, "\\u00e9\\n\\/"], "b": {}, "c": []}',
        '{\t"a":\t1\r\n}',
        f'{{"{"k" * 2000}": "{"v" * 2000}"}}',
        '{"a": "\\ud83d\\ude00"}',
        "[]",
        "3",
    ],
)
def test_json_that_is_no_yaml(text: str, tmp_path: Path) -> None:
    """JSON is read as JSON: tabs, long keys and escaped pairs are no mistakes in it."""
    assert findings(tmp_path, {"a.json": text}) == []


def test_bad_encoding(tmp_path: Path) -> None:
    """A byte that is no UTF-8 has its place."""
    (tmp_path / "a.md").write_bytes(b"# A\nb\xff\n")
    assert told(findings(tmp_path, {}, only=["a.md"])) == ["error CONTRACT_ENCODING a.md:2:2"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder in a file's place is said, not raised."""
    (tmp_path / "a.yaml").mkdir()
    found = findings(tmp_path, {}, only=["a.yaml"])
    assert told(found) == ["error CONTRACT_UNREADABLE a.yaml:1:1"]


def test_more_files_than_are_checked(tmp_path: Path) -> None:
    """What is left out is said."""
    files = {f"{number:03d}.md": "x" for number in range(MOST_FILES + 2)}
    (finding,) = findings(tmp_path, files)
    assert told([finding]) == [f"warning CONTRACT_TOO_LARGE {MOST_FILES}.md:1:1"]
    assert finding.message.startswith("2 more")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bomb.yaml", f"openapi: 3.1.0\n{BOMB}"),
        ("deep.yaml", f"openapi: {'[' * 10_000}"),
        ("deep.json", '{"a": ' * 10_000 + "1" + "}" * 10_000),
        ("wide.json", f"[{'1,' * 2_400_000}1]"),
        ("large.sql", "create table a (b int);\n" * 200_000),
        ("large.md", "```\n~~~~\n" * 500_000),
        ("large.py", "a = [1, 2]\n" * 400_000),
        ("large.ts", "a < " * 1_200_000),
        ("larger.yaml", "a" * 5_000_001),
    ],
)
def test_too_much_to_be_checked(name: str, text: str, tmp_path: Path) -> None:
    """What is too large, or grows too large when aliases are written out, is said and left."""
    (finding,) = findings(tmp_path, {name: text})
    assert finding.code == "CONTRACT_TOO_LARGE"
    assert finding.hint


SCHEMA = f"{{{DIALECT}, "
MANY_FILES = ",".join(f'{{"$ref": "{number}"}}' for number in range(9000))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.py", "(" * 10_000),
        ("minus.py", f"{'-' * 400_000}1"),
        ("plus.py", f"{'1+' * 240_000}1"),
        ("null.py", "a = '\0'"),
        ("digits.py", f"a = {'9' * 5000}"),
        ("deep.ts", "(" * 400_000),
        ("garbage.ts", ")]} \x01" * 90_000),
        ("less.ts", "a < " * 120_000),
        ("deep.sql", f"select {'(' * 10_000}"),
        ("not.sql", f"select {'not ' * 10_000}1"),
        ("plus.sql", f"select {'1+' * 55_000}1"),
        ("wrong.sql", "create table a (b int c text);\n" * 3800),
        ("types.sql", f"create table a ({','.join(f'c{n} t{n}' for n in range(8000))});"),
        ("surrogate.json", f'{SCHEMA}"title": "\\ud800", "$ref": "#/\\udfff"}}'),
        ("digits.json", f'{{"openapi": "3.1.0", "x": {"9" * 4_000_000}}}'),
        ("float.json", '{"openapi": "3.1.0", "info": 1e99999}'),
        ("key.json", f'{{"{"k" * 4_000_000}": 1, "openapi": "3.1.0"}}'),
        ("files.json", f'{SCHEMA}"allOf": [{MANY_FILES}]}}'),
        ("climb.json", f'{SCHEMA}"$ref": "a{"/.." * 5000}"}}'),
        ("uri.json", f'{SCHEMA}"allOf": [{{"$ref": "http://[b"}}, {{"$ref": "%00"}}]}}'),
        ("id.json", f'{SCHEMA}"$id": "http://[b", "$ref": "c"}}'),
    ],
)
def test_hostile_text(name: str, text: str, tmp_path: Path) -> None:
    """Whatever stands in a file, it is read within two seconds and ends in findings."""
    began = time.process_time()
    found = findings(tmp_path, {name: text})
    assert time.process_time() - began < 2.0
    for finding in found:
        assert finding.span is not None
        assert f"{finding.message}{finding.hint}{finding.where}".encode()


SNIPPETS = (
    *("openapi: 3.1.0\n", "paths:\n", "  /a/{b}:\n", "    get: ", "{$ref: '#/a'}\n"),
    *("create table ", "a (b int", ")", ",", ";\n", "'", "$$", "/*", "{", "}", "[", "]", '"', ":"),
    *('"$ref"', '"#/x"', "interface A ", "def f(", "```\n", "&a ", "*a", "\t", "\0", "\u2028"),
)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.sampled_from(SNIPPETS), max_size=30),
    suffix=st.sampled_from(["yaml", "json", "sql", "ts", "py"]),
)
def test_any_text_is_read(
    parts: list[str], suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing made of a contract's pieces raises, and every finding stands in the file."""
    name, text = f"a.{suffix}", "".join(parts)
    root = tmp_path_factory.mktemp("contracts")
    lines = len(text.splitlines()) + 1
    for finding in findings(root, {name: text}):
        assert finding.span is not None
        assert finding.span.file == name
        assert 1 <= finding.span.line <= lines


def test_every_code_has_its_row() -> None:
    """The page of contracts lists every code that the sources say, and no other."""
    sources = Path(contracts.__file__).parent
    page = Path(__file__).parents[2] / "docs" / "reference" / "contracts.md"
    said = set(
        re.findall(r'"(CONTRACT_[A-Z_]+)"', "".join(p.read_text() for p in sources.glob("*.py")))
    )
    listed = set(re.findall(r"^\| \[`(CONTRACT_[A-Z_]+)`\]", page.read_text(), re.MULTILINE))
    assert listed == said | {"CONTRACT_MISSING"}
