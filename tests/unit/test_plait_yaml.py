"""Plait's own format: what it can say, its short forms, its mistakes at their places."""

from __future__ import annotations

import json
import re
import time
from dataclasses import fields, replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings, strategies as st
from pydantic import BaseModel

from plait import plans
from plait.app.loading import load_plan
from plait.core.finding import Finding, errors
from plait.core.plan import (
    Check,
    CheckKind,
    Confidence,
    Contracts,
    Edge,
    Locks,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Revisions,
    Scope,
    SourceStatus,
    Whole,
    WorkPackage,
)
from plait.core.validate import validate
from plait.plans import text, yaml_source
from plait.plans.plait_yaml import FORMAT, model as plait_yaml_model, plan as plait_yaml_plan
from plait.plans.plait_yaml.schema import json_schema, text as schema_text
from plait.ports import Loaded, PlanSource

ROOT = Path(__file__).parents[2]
MODELS: dict[str, type[BaseModel]] = {
    "The file": plait_yaml_model.PlaitFile,
    "A package": plait_yaml_model.Package,
    "A need": plait_yaml_model.Need,
    "A scope": plait_yaml_model.ScopeShape,
    "Locks": plait_yaml_model.LockShape,
    "A check": plait_yaml_model.CheckShape,
    "A CI job": plait_yaml_model.CiJob,
    "Contracts": plait_yaml_model.ContractShape,
    "Defaults": plait_yaml_model.Defaults,
}
FULL = """\
version: 1
id: login
title: Log in
feature: auth
branch: work/login
revision: 3
context: [docs/login.md, docs/none.md]
contracts:
  primary: api.yaml
  files: [api.yaml, events.yaml]
  revision: 2
max_agents: 4
parents: {1: The whole}
defaults:
  checks: [make test]
  timeout: 30m
  retries: 2
  priority: 3
  tier: A
  role: coder
  read: [src/**]
  deny: [src/legacy/**]
packages:
  - id: 1.10
    title: The store
    description: |
      Keep users.
    kind: implement
    write: [src/users/**]
    locks: {keys: ["db:schema:users"], files: [poetry.lock]}
    estimate: 1h 30m
    track: A
    group: 1
    phase: Build
    parent: 1
    parallel: true
    optional: true
    requirements: [1.1]
    result_keys: [passed]
    tasks: [1.10, 1.11]
  - id: api
    needs: [{id: 1.10, why: it calls the store}]
    scope: {write: [src/api.py], read: ["**"], deny: [], confidence: inferred}
    checks:
      - name: tests
        command: pytest
        cwd: src
        env: {DEBUG: 1, NAME: x}
        expect_exit_code: 5
        artifacts: [report.xml]
        result_keys: [passed]
      - ci: {workflow: ci.yml, required_checks: [lint]}
      - manual: Look.
    timeout: 90
    retries: 0
    priority: 1
    tier: B
    role: reviewer
  - id: look
    kind: gate
    guards: [api]
  - id: again
    kind: fix
    reworks: [look]
  - id: old
    status: done
"""


def load(root: Path, content: str | bytes, name: str = "login.plait.yaml") -> Loaded:
    """Read a plan that lies in a repository."""
    raw = content.encode() if isinstance(content, str) else content
    (root / name).write_bytes(raw)
    return FORMAT.load(PlanSource(root=root, path=root / name, name=name, in_repository=True))


def plan_of(loaded: Loaded) -> Plan:
    assert errors(loaded.findings) == ()
    assert loaded.plan is not None
    return loaded.plan


def packages_of(root: Path, content: str) -> dict[str, WorkPackage]:
    """The packages of a file that is no more than these."""
    plan = plan_of(load(root, f"version: 1\npackages:\n{content}"))
    return {package.id: package for package in plan.packages}


def told(loaded: Loaded) -> list[tuple[str, int, int]]:
    """Code, line and column of each finding."""
    return [(f.code, f.span.line, f.span.column) for f in loaded.findings if f.span]


def test_it_can_say_all_that_a_plan_is(tmp_path: Path) -> None:
    """Every field of the file arrives in the plan, and every field of the plan can be said."""
    (tmp_path / "docs").mkdir()
    for name in ("docs/login.md", "api.yaml", "events.yaml"):
        (tmp_path / name).write_text(name)
    plan = plan_of(load(tmp_path, FULL))
    assert plan.files[0].path == "login.plait.yaml"
    assert [file.path for file in plan.files[1:]] == ["api.yaml", "events.yaml"]
    assert replace(plan, packages=(), files=(), digest="") == Plan(
        id="login",
        title="Log in",
        format="plait",
        feature="auth",
        branch="work/login",
        digest="",
        files=(),
        packages=(),
        context=("docs/login.md",),
        contracts=Contracts(primary="api.yaml", files=("api.yaml", "events.yaml")),
        revisions=Revisions(plan=3, contracts=2),
        max_agents=4,
        wholes=(Whole(source_id="1", title="The whole", parts=(PackageId("1.10"),)),),
    )
    store, api, look, again, old = plan.packages
    assert replace(store, span=None) == WorkPackage(
        id=PackageId("1.10"),
        source_id="1.10",
        title="The store",
        description="Keep users.",
        phase="Build",
        track="A",
        group="1",
        parent="1",
        parallel=True,
        optional=True,
        scope=Scope(
            write=("src/users/**",),
            read=("src/**",),
            deny=("src/legacy/**",),
            confidence=Confidence.DECLARED,
        ),
        locks=Locks(files=("poetry.lock",), keys=("db:schema:users",)),
        checks=(Check(name="make test", command="make test"),),
        tier="A",
        timeout_s=1800.0,
        retry_budget=2,
        priority=3,
        estimate_s=5400.0,
        role="coder",
        requirements=("1.1",),
        result_keys=("passed",),
        tasks=("1.10", "1.11"),
    )
    (need,) = api.needs
    assert need == Edge(id=PackageId("1.10"), note="it calls the store", span=need.span)
    assert str(need.span) == "login.plait.yaml:42:18"
    assert api.scope == Scope(write=("src/api.py",), confidence=Confidence.INFERRED)
    assert (api.timeout_s, api.retry_budget, api.priority) == (90.0, 0, 1)
    assert (api.tier, api.role) == ("B", "reviewer")
    assert api.checks == (
        Check(
            name="tests",
            command="pytest",
            cwd="src",
            env={"DEBUG": "1", "NAME": "x"},
            expect_exit_code=5,
            artifacts=("report.xml",),
            result_keys=("passed",),
        ),
        Check(
            name="github: ci.yml, lint",
            kind=CheckKind.CI,
            instructions="github: ci.yml, lint",
            required=("lint",),
        ),
        Check(name="Look.", kind=CheckKind.MANUAL, instructions="Look."),
    )
    assert look.kind is PackageKind.GATE
    assert look.guards == ("api",)
    assert [(edge.id, edge.provenance) for edge in look.needs] == [("api", Provenance.INFERRED)]
    assert again.reworks == ("look",)
    assert again.status is SourceStatus.SKIPPED
    assert old.status is SourceStatus.DONE
    assert old.scope.confidence is Confidence.UNKNOWN


def test_no_field_of_the_plan_is_left_out() -> None:
    """What is not said in the file is known here by name, so that a new field is not forgotten."""
    unsaid = {"source_id", "markers", "span", "timeout_s", "retry_budget", "estimate_s"}
    unsaid.add("documents")  # some formats want them, this one does not
    unsaid.add("own")  # Plait adds such a package to a run
    unsaid.add("granted")  # a run does that
    said = set(plait_yaml_model.Package.model_fields)
    assert {field.name for field in fields(WorkPackage)} - said == unsaid
    of_the_reading = {"format", "digest", "files", "approvals"}
    other_names = {"revisions", "wholes"}
    prescribed = {"qa_results"}  # by some formats; of this one `--qa` and `[qa]` say it
    said = set(plait_yaml_model.PlaitFile.model_fields)
    assert {
        field.name for field in fields(Plan) if field.init
    } - said == of_the_reading | other_names | prescribed


def test_short_forms(tmp_path: Path) -> None:
    """One thing stands for a list of one, a list for the field that matters, a key for an id."""
    short = packages_of(
        tmp_path,
        "  010: {write: src/**, locks: 'db:x', checks: make, estimate: 90}\n"
        "  b:\n    needs: 010\n    locks: ['db:y']\n    checks: [{ci: ci.yml}]\n  c:\n",
    )
    long = packages_of(
        tmp_path,
        "  - {id: 010, write: [src/**], locks: {keys: ['db:x']}, checks: [{command: make}],"
        " estimate: 1m 30s}\n"
        "  - {id: b, needs: [{id: 010}], locks: {keys: ['db:y']},"
        " checks: [{ci: {workflow: ci.yml}}]}\n  - id: c\n",
    )
    assert list(short) == ["010", "b", "c"]

    def bare(package: WorkPackage) -> WorkPackage:
        needs = tuple(replace(edge, span=None) for edge in package.needs)
        return replace(package, span=None, needs=needs)

    assert {name: bare(each) for name, each in short.items()} == {
        name: bare(each) for name, each in long.items()
    }


def test_a_value_that_is_repeated_by_an_alias_has_each_form_that_it_needs(tmp_path: Path) -> None:
    """One anchor as a title, as a list of files and as a number."""
    (package,) = packages_of(
        tmp_path, "  a: {title: &t 5, write: *t, timeout: *t, track: *t, needs: []}\n"
    ).values()
    assert (package.title, package.track) == ("5", "5")
    assert package.scope.write == ("5",)
    assert package.timeout_s == 5.0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("2h", 7200), ("30m", 1800), ("1h 30m", 5400), ("1.5h", 5400), ("90 s", 90), ("90", 90)],
)
def test_durations(tmp_path: Path, written: str, seconds: float) -> None:
    """Numbers are seconds; texts have units."""
    (package,) = packages_of(tmp_path, f"  a: {{estimate: {written}}}\n").values()
    assert package.estimate_s == seconds


def test_phases_as_barriers(tmp_path: Path) -> None:
    """What begins a phase needs what ends the one before; without `phased` nothing does."""
    body = """\
packages:
  a1: {phase: A}
  a2: {phase: A, needs: a1}
  b1: {phase: B}
  b2: {phase: B, needs: b1}
  free: {}
  b3: {phase: B}
"""
    plan = plan_of(load(tmp_path, f"version: 1\nphased: true\n{body}"))
    edges = {(p.id, e.id, e.provenance) for p in plan.packages for e in p.needs}
    assert ("b1", "a2", Provenance.PHASE) in edges
    assert ("b3", "a2", Provenance.PHASE) in edges
    assert len(edges) == 4
    assert plan.phased
    plan = plan_of(load(tmp_path, f"version: 1\n{body}"))
    assert sum(len(package.needs) for package in plan.packages) == 2


def test_phases_too_wide_for_barriers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million edges are refused with a hint."""
    monkeypatch.setattr(plait_yaml_plan, "MOST_BARRIERS", 3)
    names = "\n".join(f"  {phase}{n}: {{phase: {phase}}}" for phase in "ab" for n in range(2))
    loaded = load(tmp_path, f"version: 1\nphased: true\npackages:\n{names}\n")
    assert ("SCHEMA_BAD_VALUE", 2, 9) in told(loaded)


MISTAKES = {
    "version: 2\npackages: [{id: a}]\n": [("SCHEMA_VERSION", 1, 10)],
    "packages: [{id: a}]\n": [("SCHEMA_MISSING_FIELD", 1, 1)],
    "version: 1\n": [("SCHEMA_MISSING_FIELD", 1, 1)],
    "version: 1\npackages: {}\n": [("SCHEMA_BAD_VALUE", 2, 11)],
    "version: 1\npackages: 5\n": [("SCHEMA_BAD_VALUE", 2, 11)],
    "- a\n": [("SCHEMA_BAD_VALUE", 1, 1)],
    "version: 1\npackages:\n  a: {wirte: x}\n": [("SCHEMA_UNKNOWN_FIELD", 3, 7)],
    "version: 1\npackages:\n  a: {id: b}\n": [("SCHEMA_BAD_VALUE", 3, 11)],
    "version: 1\npackages:\n  a: {kind: gatee}\n": [("SCHEMA_BAD_VALUE", 3, 13)],
    "version: 1\npackages:\n  a: {estimate: 2 days}\n": [("SCHEMA_BAD_VALUE", 3, 17)],
    "version: 1\npackages:\n  a: {estimate: 0}\n": [("SCHEMA_BAD_VALUE", 3, 17)],
    "version: 1\npackages:\n  a: {write: [{x: y}]}\n": [("SCHEMA_BAD_VALUE", 3, 15)],
    "version: 1\npackages:\n  a: {write: x, scope: {write: y}}\n": [("SCHEMA_BAD_VALUE", 3, 7)],
    "version: 1\npackages:\n  a: {checks: [{}]}\n": [("SCHEMA_MISSING_FIELD", 3, 16)],
    "version: 1\npackages:\n  a: {checks: [{command: x, manual: y}]}\n": [
        ("SCHEMA_BAD_VALUE", 3, 29)
    ],
    "version: 1\npackages:\n  a: {checks: [{manual: y, cwd: x}]}\n": [("SCHEMA_IDLE_FIELD", 3, 28)],
    "version: 1\npackages:\n  a: {checks: [{command: y, cwd: ../x}]}\n": [
        ("SCHEMA_BAD_VALUE", 3, 34)
    ],
    "version: 1\npackages:\n  a: {}\n  b: {needs: [a, a]}\n": [("SCHEMA_BAD_VALUE", 4, 18)],
    "version: 1\npackages:\n  a: {write: []}\n": [("READ_ONLY", 3, 14)],
    "version: 1\npackages:\n  a: {deny: x}\n": [("SCHEMA_IDLE_FIELD", 3, 7)],
    "version: 1\npackages:\n  b: {}\n  a: {guards: b}\n": [("SCHEMA_IDLE_FIELD", 4, 7)],
    "version: 1\npackages:\n  a: {locks: 'qeue:x'}\n": [("BAD_LOCK_KEY", 3, 14)],
    "version: 1\npackages:\n  a: {locks: nothing}\n": [("BAD_LOCK_KEY", 3, 14)],
    "version: 1\npackages:\n  a: {locks: 'db:X'}\n": [("LOCK_KEY_RESPELT", 3, 14)],
    "version: 1\nbranch: a..b\npackages: {a: }\n": [("SCHEMA_BAD_VALUE", 2, 9)],
    "version: 1\ncontext: none.md\npackages: {a: }\n": [("MISSING_CONTEXT", 2, 10)],
    "version: 1\ncontext: ../../etc\npackages: {a: }\n": [("MISSING_CONTEXT", 2, 10)],
    "version: 1\ncontracts: a.yaml\npackages: {a: }\n": [("CONTRACT_MISSING", 2, 12)],
    "version: 1\ncontracts: {primary: a.yaml}\npackages: {a: }\n": [("CONTRACT_MISSING", 2, 22)],
    "version: 2\npackages:\n  a: {needs: [b]}\n": [
        ("SCHEMA_VERSION", 1, 10),
        ("UNKNOWN_DEPENDENCY", 3, 15),
    ],
    "version: 1\npackages: {a: , a: }\n": [("DUPLICATE_KEY", 2, 17)],
    "version: 1\npackages: {a: [}\n": [("BAD_YAML", 2, 16)],
}


@pytest.mark.parametrize(("content", "wanted"), MISTAKES.items())
def test_each_mistake_has_its_place(
    tmp_path: Path, content: str, wanted: list[tuple[str, int, int]]
) -> None:
    """A code, a line, a column, and a hint that says what to do."""
    loaded = load(tmp_path, content)
    assert told(loaded) == wanted
    assert all(finding.hint for finding in loaded.findings)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("version: 1\npackages:\n  a: {wirte: x}\n", "did you mean 'write'?"),
        ("version: 1\npackages:\n  a: {depends_on: [b]}\n  b:\n", "did you mean 'needs'?"),
        ("version: 1\npackages:\n  a: {kind: gatee}\n", "did you mean 'gate'?"),
        ("version: 1\npackages:\n  a: {locks: 'qeue:x'}\n", "did you mean 'queue'?"),
        ("version: 1\npackages:\n  a: {checks: [{run: x}]}\n", "did you mean 'command'?"),
    ],
)
def test_hints_name_what_was_meant(tmp_path: Path, content: str, hint: str) -> None:
    """A misspelt word is answered with the one that was meant."""
    path = tmp_path / "p.plait.yaml"
    path.write_text(content)
    source = PlanSource(
        root=tmp_path, path=path, name=path.name, in_repository=True, lock_namespaces=("queue",)
    )
    assert any(hint in finding.hint for finding in FORMAT.load(source).findings)


def test_namespaces_of_the_project_reach_the_plan(tmp_path: Path) -> None:
    """What plait.toml declares, a plan of the repository may lock."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.plait.yaml").write_text(
        "version: 1\npackages: {a: {write: x, checks: make, locks: 'queue:x'}}\n"
    )
    codes = [finding.code for finding in load_plan("a", start=tmp_path).findings]
    assert codes == ["BAD_LOCK_KEY"]
    (tmp_path / "plait.toml").write_text('[locks]\nnamespaces = ["queue"]\n')
    assert load_plan("a", start=tmp_path).findings == ()


def test_what_no_plan_says_the_validation_says(tmp_path: Path) -> None:
    """Unknown packages, in needs or at gates, are told once, at their places."""
    loaded = load(
        tmp_path,
        "version: 1\npackages:\n  a: {needs: [x]}\n  g: {kind: gate, guards: [a, y]}\n",
    )
    found = [f for f in validate(plan_of(loaded)) if f.code == "UNKNOWN_DEPENDENCY"]
    assert [str(f.span) for f in found] == ["login.plait.yaml:3:15", "login.plait.yaml:4:31"]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("plans/login.plait.yaml", ["login", "plans/login.plait.yaml", "plans/login"]),
        ("plans/login/plait.yaml", ["login", "plans/login", "plans/login/plait.yaml"]),
        ("login.plait.yml", ["login", "."]),
        ("plait.yaml", [".", "plait.yaml"]),
        ("docs/x.plait.yaml", ["docs", "docs/x"]),
    ],
)
def test_where_plans_are_found(tmp_path: Path, place: str, names: list[str]) -> None:
    """By file, by folder, by the name below plans/; the name is the plan's id."""
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("version: 1\npackages: {a: {write: x, checks: make}}\n")
    for name in names:
        loaded = plans.load(name, start=tmp_path, root=tmp_path, format_name=None)
        plan = plan_of(loaded)
        assert plan.format == "plait"
        assert plan.files[0].path == place
    wanted = {"plait.yaml": tmp_path.name, "docs/x.plait.yaml": "x"}.get(place, "login")
    assert plan.id == wanted
    assert plan.branch == f"feat/{wanted}"


def test_several_plans_in_a_folder_are_not_guessed_among(tmp_path: Path) -> None:
    """A folder of plans is no plan."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.plait.yaml").write_text("version: 1\npackages: {a: }\n")
    assert FORMAT.locate(tmp_path, ".") is None
    assert FORMAT.locate(tmp_path, "a" * 5000) is None
    assert FORMAT.locate(tmp_path, "a" * 250) is None


def test_it_is_known_by_its_content(tmp_path: Path) -> None:
    """A plan under another name is recognised; another YAML file is not."""
    assert FORMAT.by_content("version: 1\npackages:\n  - id: a\n    needs: [b]\n") >= 0.5
    assert FORMAT.by_content("version: 3\nservices:\n  a: {}\n") < 0.5
    assert FORMAT.by_content("schema_version: 1\npackages:\n  - package_id: a\n") < 0.5


def test_the_committed_schema_is_that_of_the_models() -> None:
    """Print it anew with `python -m plait.plans.plait_yaml.schema` after a change."""
    assert (ROOT / "schema" / "plait.schema.json").read_text(encoding="utf-8") == schema_text()


def _data(content: str) -> object:
    root = yaml_source.parse(text.decode(content.encode(), "x")).root
    return None if root is None else root.plain()


def test_the_schema_takes_what_the_reader_takes(tmp_path: Path) -> None:
    """Full and short forms, and the example of the guide, are valid for an editor too."""
    schema = json.loads(schema_text())
    guide = (ROOT / "docs" / "howto" / "plan-plait-yaml.md").read_text(encoding="utf-8")
    example = re.search(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert example
    for content in (
        FULL,
        example[1],
        "$schema: x\nversion: 1\ncontracts: a.yaml\npackages:\n"
        "  010: {write: src/**, locks: 'db:x', checks: make, estimate: 90}\n"
        "  b: {needs: 010, locks: ['db:y'], checks: [{ci: ci.yml}]}\n"
        "  c:\n  d: {title: , needs: [{id: b}, 1.1], timeout: 1h 30m, scope: {write: x}}\n",
    ):
        assert errors(load(tmp_path, content).findings) == ()
        jsonschema.validate(_data(content), schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "content", [each for each, wanted in MISTAKES.items() if wanted[0][0].startswith("SCHEMA_")]
)
def test_the_schema_refuses_what_the_reader_refuses(content: str) -> None:
    """A mistake in the shape is marked by an editor, but for what needs more than the shape."""
    beyond = ("id: b", "scope: {write: y}", "../x", "a, a", "deny", "guards", "a..b", "cwd: x")
    if not any(each in content for each in beyond):
        assert not jsonschema.Draft202012Validator(json_schema()).is_valid(_data(content))


def test_the_schema_is_one() -> None:
    """The standard's own schema takes it."""
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("title", MODELS)
def test_every_field_is_documented(title: str) -> None:
    """A kind of object has a section, with a row for each field that says what the schema says."""
    page = (ROOT / "docs" / "reference" / "plait-yaml.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    wanted = [
        f"| `{name}` | {field.description}{' Required.' if field.is_required() else ''} |"
        for name, field in MODELS[title].model_fields.items()
    ]
    assert re.findall(r"^\| `.*$", section, re.MULTILINE) == wanted


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_file_raises(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut, doubled, swapped and overwritten text gives findings with places, never a crash."""
    content = FULL
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(content)))
        end = min(len(content), begin + data.draw(st.integers(0, 40)))
        piece = data.draw(st.sampled_from(["", content[begin:end] * 2, "[", "{", ": ", "\n", "*a"]))
        content = content[:begin] + piece + content[end:]
    root = tmp_path_factory.getbasetemp()
    loaded = load(root, content)
    assert loaded.plan is not None or errors(loaded.findings)
    for finding in loaded.findings:
        assert _complete(finding)
    if loaded.plan is not None:
        validate(loaded.plan)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever the bytes, there are findings and no crash."""
    assert errors(load(tmp_path_factory.getbasetemp(), raw).findings)


def test_ten_thousand_packages_are_read_in_seconds(tmp_path: Path) -> None:
    """And so is a file that only looks like many."""
    many = "".join(
        f"  p{n}: {{write: [src/{n}/**], needs: [p{n - 1}]}}\n" for n in range(1, 10_000)
    )
    began = time.process_time()
    plan_of(load(tmp_path, f"version: 1\npackages:\n  p0:\n{many}"))
    load(tmp_path, "version: 1\npackages:\n" + "  - {}\n" * 60_000)
    load(tmp_path, f"version: 1\npackages: [{{needs: [{'a, ' * 60_000}]}}]\n")
    assert time.process_time() - began < 12


def _complete(finding: Finding) -> bool:
    return bool(finding.span and finding.message and finding.hint)


def test_contracts_are_checked_for_what_they_are(tmp_path: Path) -> None:
    """A contract's own mistake is told at its place in the contract's file."""
    (tmp_path / "api.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths:\n"
        "  /users:\n    get:\n      responses:\n        '200': {$ref: '#/nowhere'}\n"
    )
    path = tmp_path / "plait.yaml"
    path.write_text("version: 1\ncontracts: ./api.yaml\npackages: {a: }\n")
    source = PlanSource(root=tmp_path, path=path, name="plait.yaml", in_repository=True)
    (told,) = [f for f in FORMAT.load(source).findings if f.code.startswith("CONTRACT")]
    assert told.span is not None
    assert (told.span.file, told.span.line) == ("api.yaml", 7)
