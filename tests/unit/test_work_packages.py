"""OpenSpec work packages: what is read, and each mistake at its exact place."""

from __future__ import annotations

import time
from ast import literal_eval
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from plait.core.finding import Finding, Severity, errors
from plait.core.plan import (
    Check,
    CheckKind,
    Confidence,
    Edge,
    Locks,
    PackageId,
    PackageKind,
    Plan,
    Revisions,
    Scope,
    Span,
    WorkPackage,
    digest_of,
)
from plait.core.validate import validate
from plait.errors import UsageError
from plait.plans.work_packages import FORMAT
from plait.plans.work_packages.keys import accepted, cure
from plait.ports import Loaded, PlanSource

CHANGE = "openspec/changes/add-parcels"
NAME = f"{CHANGE}/work-packages.yaml"

OPENAPI = "openapi: 3.1.0\ninfo: {title: Parcels, version: '1'}\npaths: {}\n"

TEXT = """\
schema_version: 1
feature:
  id: add-parcels
  title: Parcels can be tracked
  plan_revision: 3
contracts:
  revision: 2
  openapi:
    primary: contracts/parcels.yaml
    files:
      - contracts/parcels.yaml
      - openspec/changes/add-parcels/contracts/parcels.sql
packages:
  - package_id: wp-store
    title: Store
    task_type: implement
    description: |
      Keep parcels.
    role: backend
    priority: 2
    depends_on: []
    locks:
      files: [src/store/parcels.py]
      keys: ["db:schema:parcels"]
    scope:
      write_allow: ["src/store/**"]
      read_allow: ["**"]
      deny: ["src/store/legacy/**"]
    worktree: {name: store}
    timeout_minutes: 30
    retry_budget: 2
    min_trust_level: 2
    verification:
      tier_required: B
      steps:
        - name: unit
          kind: command
          command: pytest tests/store
          cwd: backend
          env: {MODE: "010"}
          expect_exit_code: 3
          evidence:
            artifacts: [out/unit.xml]
            result_keys: [passed]
        - name: pipeline
          kind: ci
          ci: {provider: github, workflow: ci.yml, required_checks: [lint, test]}
          evidence: {artifacts: [], result_keys: []}
        - name: look
          kind: manual
          manual_instructions: Look at the table.
          evidence: {artifacts: [], result_keys: []}
    metadata: {loc_estimate: 100}
    outputs:
      result_keys: [tables]
  - package_id: wp-api
    task_type: implement
    description: Serve parcels.
    priority: 3
    depends_on: [wp-store]
    locks: {files: [], keys: ["api:GET /parcels"]}
    scope: {write_allow: ["src/api/**"], read_allow: ["**"]}
    worktree: {name: api}
    timeout_minutes: 60
    retry_budget: 1
    min_trust_level: 2
    verification:
      tier_required: A
      steps:
        - name: unit
          kind: command
          command: pytest tests/api
          evidence: {artifacts: [], result_keys: []}
    outputs: {result_keys: [served]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A change whose contract files exist."""
    folder = tmp_path / CHANGE
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts/parcels.yaml").write_text(OPENAPI)
    (folder / "contracts/parcels.sql").write_text("create table parcels (id int);\n")
    return folder


def load(folder: Path, text: str | bytes = TEXT, *, in_repository: bool = True) -> Loaded:
    path = folder / "work-packages.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    root = folder.parents[2] if folder.parent.name == "changes" else folder.parents[3]
    name = path.relative_to(root).as_posix() if in_repository else str(path)
    return FORMAT.load(PlanSource(root=root, path=path, name=name, in_repository=in_repository))


def plan_of(loaded: Loaded) -> Plan:
    assert loaded.plan is not None
    return loaded.plan


def mended(old: str, new: str) -> str:
    """The plan with one place changed."""
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def told(finding: Finding) -> tuple[str, str]:
    """Code and place."""
    return finding.code, str(finding.span).removeprefix(f"{NAME}:")


def test_a_sound_plan_has_no_findings(folder: Path) -> None:
    """A plan without a mistake yields none, here and in the validation."""
    loaded = load(folder)
    assert loaded.findings == ()
    assert validate(plan_of(loaded)) == ()


def test_the_plan_itself(folder: Path) -> None:
    """What the head of the file says is in the plan."""
    plan = plan_of(load(folder))
    assert (plan.id, plan.feature, plan.format) == ("add-parcels",) * 2 + ("openspec-packages",)
    assert plan.title == "Parcels can be tracked"
    assert plan.branch == "openspec/add-parcels"
    assert plan.revisions == Revisions(plan=3, contracts=2)
    assert plan.contracts.primary == f"{CHANGE}/contracts/parcels.yaml"
    assert plan.contracts.files == (
        f"{CHANGE}/contracts/parcels.yaml",
        f"{CHANGE}/contracts/parcels.sql",
    )
    assert not plan.phased


def test_a_package_in_full(folder: Path) -> None:
    """Every field of a package arrives, with its meaning and its place."""
    store, _ = plan_of(load(folder)).packages
    assert store == WorkPackage(
        id=PackageId("wp-store"),
        source_id="wp-store",
        title="Store",
        description="Keep parcels.",
        scope=Scope(
            write=("src/store/**",),
            read=("**",),
            deny=("src/store/legacy/**",),
            confidence=Confidence.DECLARED,
        ),
        locks=Locks(files=("src/store/parcels.py",), keys=("db:schema:parcels",)),
        checks=(
            Check(
                name="unit",
                command="pytest tests/store",
                cwd="backend",
                env={"MODE": "010"},
                expect_exit_code=3,
                artifacts=("out/unit.xml",),
                result_keys=("passed",),
            ),
            Check(
                name="pipeline",
                kind=CheckKind.CI,
                instructions="github: ci.yml, lint, test",
                required=("lint", "test"),
            ),
            Check(name="look", kind=CheckKind.MANUAL, instructions="Look at the table."),
        ),
        tier="B",
        timeout_s=1800.0,
        retry_budget=2,
        priority=2,
        estimate_s=260.0,
        role="backend",
        trust=2,
        result_keys=("tables",),
        span=Span(file=NAME, line=14, column=5),
    )


def test_what_is_left_out(folder: Path) -> None:
    """A package without title, estimate or role is called by its id and guesses nothing."""
    _, api = plan_of(load(folder)).packages
    assert (api.title, api.estimate_s, api.role) == ("wp-api", None, None)
    assert api.needs == (Edge(id=PackageId("wp-store"), span=Span(file=NAME, line=60, column=18)),)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"task_type: implement": "task_type: integrate"}, PackageKind.INTEGRATE),
        ({"task_type: implement": "task_type: Integration"}, PackageKind.INTEGRATE),
        ({"task_type: implement": "task_type: final-integration"}, PackageKind.INTEGRATE),
        ({"package_id: wp-api": "package_id: wp-integration"}, PackageKind.INTEGRATE),
        ({"task_type: implement": "task_type: disintegrate"}, PackageKind.IMPLEMENT),
        ({"package_id: wp-api": "package_id: wp-integration-tests"}, PackageKind.IMPLEMENT),
        (
            {"package_id: wp-api": "package_id: wp-api\n    title: Integration of parcels"},
            PackageKind.IMPLEMENT,  # it joins one package only
        ),
        (
            {
                "package_id: wp-api": "package_id: wp-api\n    title: Integration of parcels",
                "depends_on: [wp-store]": "depends_on: [wp-store, wp-more]",
            },
            PackageKind.INTEGRATE,
        ),
        (
            {
                "package_id: wp-api": "package_id: wp-api\n    role: Integrator",
                "depends_on: [wp-store]": "depends_on: [wp-store, wp-more]",
            },
            PackageKind.INTEGRATE,
        ),
        (
            {
                "package_id: wp-api": "package_id: wp-api\n    role: integrator",
                "depends_on: [wp-store]": "depends_on: [wp-store, wp-more]",
                "depends_on: []": "depends_on: [wp-api]",
            },
            PackageKind.IMPLEMENT,  # others build on it
        ),
    ],
)
def test_integration_is_told_by_role(
    folder: Path, changes: dict[str, str], kind: PackageKind
) -> None:
    """Integration is what the task type or id says; title and role count for a last joiner."""
    head, sep, tail = TEXT.partition("  - package_id: wp-api")
    text = sep + tail
    for old, new in changes.items():
        if old in text:
            text = text.replace(old, new)
        else:
            head = head.replace(old, new)
    assert plan_of(load(folder, head + text)).packages[1].kind is kind


def test_context_is_what_exists(folder: Path) -> None:
    """Agents read the change's documents that exist, from the repository's root."""
    assert plan_of(load(folder)).context == ()
    for name in ("proposal.md", "tasks.md", "specs/b/spec.md", "specs/a/spec.md", "specs/a/x.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text\n")
    assert plan_of(load(folder)).context == (
        f"{CHANGE}/proposal.md",
        f"{CHANGE}/tasks.md",
        f"{CHANGE}/specs/a/spec.md",
        f"{CHANGE}/specs/b/spec.md",
    )


def test_context_does_not_leave_the_repository(folder: Path, tmp_path: Path) -> None:
    """A document that is a link to somewhere else is not handed to agents."""
    outside = tmp_path.parent / f"{tmp_path.name}-secret.md"
    outside.write_text("secret\n")
    (folder / "design.md").symlink_to(outside)
    assert plan_of(load(folder)).context == ()


def test_the_digest_covers_plan_and_contracts(folder: Path) -> None:
    """The digest changes with the plan and with each contract, and with nothing else."""
    plan = plan_of(load(folder))
    assert [file.path for file in plan.files] == [
        NAME,
        f"{CHANGE}/contracts/parcels.yaml",
        f"{CHANGE}/contracts/parcels.sql",
    ]
    assert plan.digest == digest_of(plan.files)
    (folder / "proposal.md").write_text("why\n")
    assert plan_of(load(folder)).digest == plan.digest
    (folder / "contracts/parcels.sql").write_text("drop table parcels;\n")
    changed = plan_of(load(folder)).digest
    assert changed != plan.digest
    assert plan_of(load(folder, TEXT + "\n")).digest != changed


def test_an_archived_change(tmp_path: Path) -> None:
    """After archiving, contract paths of before are found, and the branch has the change's id."""
    folder = tmp_path / "openspec/changes/archive/2026-03-02-add-parcels"
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts/parcels.yaml").write_text(OPENAPI)
    (folder / "contracts/parcels.sql").write_text("create table parcels (id int);\n")
    loaded = load(folder)
    assert loaded.findings == ()
    plan = plan_of(loaded)
    assert plan.branch == "openspec/add-parcels"
    moved = "openspec/changes/archive/2026-03-02-add-parcels/contracts/parcels.sql"
    assert plan.contracts.files[1] == moved


def test_contracts_stay_in_the_repository(folder: Path, tmp_path: Path) -> None:
    """A contract path or link that leaves the repository is missing, and no file is read there."""
    secret = tmp_path.parent / f"{tmp_path.name}-secret.yaml"
    secret.write_text("secret\n")
    (folder / "contracts/parcels.sql").unlink()
    (folder / "contracts/parcels.sql").symlink_to(secret)
    climb = f"../{secret.name}"
    loaded = load(folder, TEXT.replace("contracts/parcels.yaml\n    files", f"{climb}\n    files"))
    assert [told(finding) for finding in loaded.findings] == [
        ("CONTRACT_MISSING", "9:14"),
        ("CONTRACT_MISSING", "12:9"),
    ]
    assert not any("secret" in file.path for file in plan_of(loaded).files)


def test_outside_a_repository(folder: Path) -> None:
    """Outside a repository files are absolute, and a change's layout is still used."""
    (folder / "proposal.md").write_text("why\n")
    loaded = load(folder, in_repository=False)
    assert loaded.findings == ()
    plan = plan_of(loaded)
    assert plan.files[0].path == str(folder / "work-packages.yaml")
    assert plan.files[1].path == str(folder / "contracts/parcels.yaml")
    assert plan.context == (f"{CHANGE}/proposal.md",)


def test_a_file_on_its_own(tmp_path: Path) -> None:
    """Without repository and layout nobody knows where contracts lie: they are not missing."""
    path = tmp_path / "work-packages.yaml"
    path.write_text(TEXT)
    loaded = FORMAT.load(PlanSource(root=tmp_path, path=path, name=str(path), in_repository=False))
    assert loaded.findings == ()
    assert plan_of(loaded).branch == "openspec/add-parcels"


def test_an_unreadable_contract_is_refused(folder: Path) -> None:
    """A contract that exists and cannot be read stops the reading: its digest is not known."""
    contract = folder / "contracts/parcels.sql"
    contract.chmod(0)
    try:
        if _readable(contract):
            pytest.skip("this user may read everything")
        with pytest.raises(UsageError) as refused:
            load(folder)
        assert refused.value.code == "PLAN_UNREADABLE"
    finally:
        contract.chmod(0o600)


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except PermissionError:
        return False
    return True


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "hint"),
    [
        ("    retry_budget: 2\n", "", "SCHEMA_MISSING_FIELD", "14:5", "from 'defaults'"),
        ("    role: backend\n", "    rôle: x\n", "SCHEMA_UNKNOWN_FIELD", "19:5", "'role'"),
        ("deny: [", "denny: [", "SCHEMA_UNKNOWN_FIELD", "28:7", "did you mean 'deny'?"),
        ("    role: backend", "    zzz: 1", "SCHEMA_UNKNOWN_FIELD", "19:5", "remove it"),
        ("required: B", "required: D", "SCHEMA_BAD_VALUE", "34:22", "write one of these"),
        ("kind: ci\n", "kind: comand\n", "SCHEMA_BAD_VALUE", "46:17", "did you mean 'command'?"),
        ("minutes: 30", "minutes: half", "SCHEMA_BAD_VALUE", "30:22", "value of that kind"),
        ("minutes: 30", "minutes: 0", "SCHEMA_BAD_VALUE", "30:22", "value of that kind"),
        ("priority: 2", "priority: 11", "SCHEMA_BAD_VALUE", "20:15", "value of that kind"),
        ("title: Store", "title: 2026", "SCHEMA_BAD_VALUE", "15:12", "quotes"),
        ("title: Store", f"title: {'S' * 121}", "SCHEMA_BAD_VALUE", "15:12", "shorten"),
        ('{MODE: "010"}', "{MODE: 10}", "SCHEMA_BAD_VALUE", "40:23", "quotes"),
        ("{name: store}", "{name: a b}", "SCHEMA_BAD_VALUE", "29:22", "characters"),
        ("src/store/parcels.py", "/etc/passwd", "SCHEMA_BAD_VALUE", "23:15", "characters"),
        ("cwd: backend", "cwd: ../other", "SCHEMA_BAD_VALUE", "39:16", "relative"),
        ("cwd: backend", "cwd: /etc", "SCHEMA_BAD_VALUE", "39:16", "relative"),
        ("[wp-store]", "[wp-store, wp-store]", "SCHEMA_BAD_VALUE", "60:28", "remove one"),
        ("schema_version: 1", "schema_version: 2", "SCHEMA_VERSION", "1:17", "write 1"),
        ("schema_version: 1", 'schema_version: "1"', "SCHEMA_VERSION", "1:17", "write 1"),
        ("pytest tests/api", "", "SCHEMA_MISSING_FIELD", "72:19", "add"),
        ("pytest tests/api", "' '", "SCHEMA_BAD_VALUE", "72:20", "characters"),
        ("          command: pytest tests/api\n", "", "SCHEMA_MISSING_FIELD", "70:11", "add"),
        ("title: Store", "title: Store\n    title: S", "DUPLICATE_KEY", "16:5", "only the first"),
        ('"db:schema:parcels"', '"db:Parcels"', "BAD_LOCK_KEY", "24:14", "'db:schema:parcels'"),
        ("id: add-parcels", "id: a b", "SCHEMA_BAD_VALUE", "3:7", "characters"),
        ("Store\n", "\x07\n", "BAD_YAML", "15:12", "indentation"),
    ],
)
def test_each_mistake_at_its_place(
    folder: Path, *, old: str, new: str, code: str, place: str, hint: str
) -> None:
    """One mistake is one error, with its code, line, column and what to do."""
    loaded = load(folder, mended(old, new) if TEXT.count(old) == 1 else TEXT.replace(old, new, 1))
    (finding,) = errors(loaded.findings)
    assert told(finding) == (code, place)
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "severity"),
    [
        ('["src/api/**"]', "[]", "READ_ONLY", "62:26", Severity.INFO),
        ("store/parcels.py", "other/x.py", "LOCK_OUTSIDE_SCOPE", "23:15", Severity.INFO),
        ("parcels.sql", "persons.sql", "CONTRACT_MISSING", "12:9", Severity.WARNING),
        ("kind: ci\n", "kind: ci\n          cwd: .\n", "SCHEMA_IDLE_FIELD", "47:11",
         Severity.WARNING),
    ],
)  # fmt: skip
def test_what_is_no_error(
    folder: Path, *, old: str, new: str, code: str, place: str, severity: Severity
) -> None:
    """What only deserves a word is told at its place, and the plan stands."""
    loaded = load(folder, mended(old, new))
    assert loaded.plan is not None
    (finding,) = loaded.findings
    assert (told(finding), finding.severity) == ((code, place), severity)
    assert finding.hint


@pytest.mark.parametrize("lock", ["src/store", "src/store/", "src/**", "src/store/a/b.py"])
def test_a_lock_that_touches_the_scope_is_inside(folder: Path, lock: str) -> None:
    """A lock on a folder or a glob that meets the scope is no finding."""
    assert load(folder, mended("src/store/parcels.py", lock)).findings == ()


def test_all_mistakes_at_once_in_order(folder: Path) -> None:
    """All mistakes of a file are told together, by line."""
    text = (
        TEXT.replace("priority: 2", "priority: high")
        .replace("depends_on: [wp-store]", "depends_on: [wp-stor]")
        .replace("write_allow: [", "writ_allow: [", 1)
        .replace('"api:GET /parcels"', '"api:get /parcels"')
    )
    loaded = load(folder, text)
    assert loaded.plan is None
    assert [told(finding) for finding in loaded.findings] == [
        ("SCHEMA_BAD_VALUE", "20:15"),
        ("SCHEMA_MISSING_FIELD", "26:7"),
        ("SCHEMA_UNKNOWN_FIELD", "26:7"),
        ("UNKNOWN_DEPENDENCY", "60:18"),
        ("BAD_LOCK_KEY", "61:31"),
    ]
    assert loaded.findings[3].hint == "did you mean 'wp-store'?"
    assert loaded.findings[4].hint == "write 'api:GET /parcels'"


def test_a_plan_in_spite_of_errors(folder: Path) -> None:
    """What can do without the wrong part is still a plan, so that the rest is checked too."""
    text = (
        TEXT.replace("title: Store", f"title: {'S' * 300}")
        .replace("    role: backend\n", "    rolle: backend\n")
        .replace("artifacts: [out/unit.xml]", "artifacts: [7, out/unit.xml]")
        .replace("depends_on: [wp-store]", "depends_on: [8, wp-stor]")
    )
    loaded = load(folder, text)
    assert len(errors(loaded.findings)) == 4
    store, api = plan_of(loaded).packages
    assert store.title == "S" * 120
    assert store.checks[0].artifacts == ("out/unit.xml",)
    unknown = validate(plan_of(loaded))[0]
    assert told(unknown) == ("UNKNOWN_DEPENDENCY", "60:21")
    assert api.needs[0].id == "wp-stor"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- a\n- b\n", "SCHEMA_BAD_VALUE"),
        ("just words\n", "SCHEMA_BAD_VALUE"),
        ("# nothing\n", "SCHEMA_BAD_VALUE"),
        ("packages:\n", "SCHEMA_MISSING_FIELD"),
        (TEXT + "---\na: 1\n", "BAD_YAML"),
        (TEXT.replace("    ", "\t"), "BAD_YAML"),
        (TEXT.encode().replace(b"Parcels", b"P\xe4rcels"), "BAD_ENCODING"),
        (TEXT.encode("utf-16"), "BAD_ENCODING"),
    ],
)
def test_what_is_no_plan(folder: Path, text: str | bytes, code: str) -> None:
    """A file of the right name without a plan in it is an error on a line, never a crash."""
    loaded = load(folder, text)
    assert code in {finding.code for finding in errors(loaded.findings)}
    assert all(finding.span is not None for finding in loaded.findings)


def test_windows_files(folder: Path) -> None:
    """A byte order mark and CRLF line ends change nothing but the digest."""
    plain = plan_of(load(folder))
    windows = plan_of(load(folder, b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()))
    assert replace(windows, digest=plain.digest, files=plain.files) == plain


KEYS = {
    "api:GET /v1/users": True,
    "api:get /v1/users": "api:GET /v1/users",
    "api:get /v1//users/{id}/": "api:GET /v1/users/{id}",
    "api:GET  /v1/users": "api:GET /v1/users",
    "api:POST:/v1/users": "api:POST /v1/users",
    "API:GET /x": "api:GET /x",
    "api:guardrails": None,
    "db:migration-slot": True,
    "db:migration_slot": "db:migration-slot",
    "db:schema:users": True,
    "db:schema:UserNames": "db:schema:user_names",
    "db:users": "db:schema:users",
    "event:order.created2": True,
    "event:order_created": "event:order.created",
    "event:Order-Created": "event:order.created",
    "flag:billing/*": True,
    "flag:new-billing": "flag:new.billing",
    "env:database-url_1": True,
    "env:DATABASE_URL": "env:database_url",
    "contract:Any Thing": True,
    "feature:add-parcels:pause": True,
    "feature:add-parcels:agent-config": "feature:add-parcels:agentconfig",
    "feature:pause": "feature:add-parcels:pause",
    "evnt:a": "event:a",
    "config:x": None,
    "nothing": None,
    "": None,
}


@pytest.mark.parametrize(("key", "wanted"), KEYS.items())
def test_lock_keys(key: str, wanted: str | bool | None) -> None:
    """Each namespace has its spelling; the hint is the one that was meant, where it is clear."""
    assert accepted(key) is (wanted is True)
    if isinstance(wanted, str):
        assert cure(key, "add-parcels") == f"write {wanted!r}"
    if wanted is None:
        assert "write '" not in cure(key, "add-parcels")


def test_a_project_has_lock_namespaces_of_its_own(tmp_path: Path) -> None:
    """A declared namespace is taken as it is; a misspelt one is told what was meant."""
    text = mended("db:schema:parcels", "queue:Nightly")
    (tmp_path / "w.yaml").write_text(text)
    source = PlanSource(root=tmp_path, path=tmp_path / "w.yaml", name="w.yaml", in_repository=False)
    assert "BAD_LOCK_KEY" in {finding.code for finding in FORMAT.load(source).findings}
    declared = replace(source, lock_namespaces=("queue",))
    assert "BAD_LOCK_KEY" not in {finding.code for finding in FORMAT.load(declared).findings}
    (tmp_path / "w.yaml").write_text(text.replace("queue:Nightly", "queu: Nightly"))
    (finding,) = [f for f in FORMAT.load(declared).findings if f.code == "BAD_LOCK_KEY"]
    assert finding.hint == "write 'queue:Nightly'"


def test_an_accepted_key_in_another_spelling_is_told(folder: Path) -> None:
    """The format takes a doubled slash; the plan hears under which key it is held."""
    loaded = load(folder, mended('"api:GET /parcels"', '"api:GET /v1//parcels/{id}"'))
    (finding,) = loaded.findings
    assert finding.code == "LOCK_KEY_RESPELT"
    assert finding.severity is Severity.INFO
    assert "held as 'api:GET /v1/parcels/{id}'" in finding.message


@given(st.text(max_size=30), st.sampled_from(sorted(KEYS)))
def test_what_a_hint_proposes_is_accepted(noise: str, key: str) -> None:
    """Whatever the key, a spelling that a hint says to write is one that is accepted."""
    for wrong in (noise, key + noise, key.partition(":")[0] + ":" + noise):
        hint = cure(wrong, "add-parcels")
        if hint.startswith(("write '", 'write "')):
            assert accepted(literal_eval(hint.removeprefix("write ")))


@pytest.mark.parametrize(
    ("change", "branch"),
    [
        ("add-parcels", "openspec/add-parcels"),
        ("a..b", "openspec/a.b"),
        ("a b~c", "openspec/a-b-c"),
        ("x.lock", "openspec/x"),
        (".x.", "openspec/x"),
    ],
)
def test_branches_that_git_takes(tmp_path: Path, change: str, branch: str) -> None:
    """The branch is the change's id in letters that git takes."""
    folder = tmp_path / "openspec/changes" / change
    folder.mkdir(parents=True)
    assert plan_of(load(folder)).branch == branch


def test_locate(tmp_path: Path) -> None:
    """A change is found by folder, by id, and after archiving by id, dated folder or newest."""
    changes = tmp_path / "openspec/changes"
    places = ["add-a", "archive/2026-01-01-add-b", "archive/2026-02-02-add-b", "archive/add-c"]
    for place in places:
        (changes / place).mkdir(parents=True)
        (changes / place / "work-packages.yaml").write_text(TEXT)
    (changes / "bare").mkdir()

    def found(name: str) -> str | None:
        path = FORMAT.locate(tmp_path, name)
        return None if path is None else path.parent.relative_to(changes).as_posix()

    assert found("openspec/changes/add-a") == "add-a"
    assert found("add-a") == "add-a"
    assert found("add-b") == "archive/2026-02-02-add-b"
    assert found("2026-01-01-add-b") == "archive/2026-01-01-add-b"
    assert found("add-c") == "archive/add-c"
    assert found("bare") is None
    assert found("b") is None
    assert FORMAT.locate(changes / "add-a", ".") == changes / "add-a/work-packages.yaml"


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        ("work-packages.yaml", True),
        ("work_packages.yml", True),
        ("x.work-packages.yaml", True),
        ("a-work-packages.yaml", True),
        ("network-packages.yaml", False),
        ("work-packages.yaml.bak", False),
        ("work-packages.md", False),
    ],
)
def test_by_place(name: str, placed: bool) -> None:
    """The file's name tells the format."""
    assert FORMAT.by_place(Path("any") / name) is placed


def test_by_content() -> None:
    """The field names tell the format, in JSON too; prose does not."""
    assert FORMAT.by_content(TEXT) == pytest.approx(1.0)
    assert FORMAT.by_content('{"packages": [\n{"package_id": "a",\n"feature": {') >= 0.5
    assert FORMAT.by_content("# Tasks\n\n- [ ] packages and a package_id: see there\n") < 0.5


LINES = TEXT.splitlines()


@settings(max_examples=150)
@given(st.data())
def test_no_mutation_raises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """However a plan is damaged, it is read in little time, and errors stand on its lines."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.sampled_from(LINES))
        scrap = data.draw(
            st.sampled_from(["[", "{a: ", "&x ", "*x", "- ", "\t", ": ", "null", "é"])
        )
        line = lines[at]
        middle = data.draw(st.integers(0, len(line)))
        lines[at] = data.draw(
            st.sampled_from(
                [
                    "",
                    line[middle:],
                    line[:middle],
                    f"{line}\n{line}",
                    f"{line}\n{other}",
                    f"{line[:middle]}{scrap}{line[middle:]}",
                    line.partition(":")[0] + f": {scrap}",
                    f"  {line}",
                ]
            )
        )
    text = "\n".join(lines)
    _read_and_judge(tmp_path_factory, text.encode())


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever the bytes, there are findings and no crash."""
    loaded = _read_and_judge(tmp_path_factory, raw)
    assert errors(loaded.findings)


def _read_and_judge(factory: pytest.TempPathFactory, raw: bytes) -> Loaded:
    path = factory.getbasetemp() / "work-packages.yaml"
    path.write_bytes(raw)
    began = time.process_time()
    loaded = FORMAT.load(PlanSource(root=path.parent, path=path, name="p.yaml", in_repository=True))
    assert time.process_time() - began < 6
    last = raw.count(b"\n") + raw.count(b"\r") + 1
    for finding in loaded.findings:
        assert finding.span is not None
        assert 1 <= finding.span.line <= last
        assert finding.hint
    assert loaded.plan is not None or errors(loaded.findings)
    return loaded


def test_bombs_within_the_shape(folder: Path) -> None:
    """Ten thousands of packages, fields, keys or references are refused in little time."""
    head = TEXT.partition("  - package_id")[0]
    for body in (
        "  - {}\n" * 90_000,
        "  - {verification: {steps: [" + "{}, " * 90_000 + "]}}\n",
        "  - {" + ", ".join(f"package_{n}: 1" for n in range(45_000)) + "}\n",
        "  - {depends_on: [" + ", ".join(f"wp-{n}" for n in range(90_000)) + "]}\n",
        "  - {locks: {keys: [" + ", ".join(f"k{n}" for n in range(90_000)) + "]}}\n",
    ):
        began = time.process_time()
        loaded = load(folder, head + body)
        assert time.process_time() - began < 6
        assert 1 <= len(errors(loaded.findings)) < 1000
