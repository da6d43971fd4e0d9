"""The documentation agrees with itself and with the code."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import click
import pytest
from tests.fakes import runs

from plait import plans
from plait.cli.main import VERBS
from plait.config.keys import FURTHER, TABLES
from plait.core.event import EVENTS
from plait.core.finding import errors
from plait.core.report import build_report
from plait.errors import ExitCode
from plait.plans import kiro, plait_yaml, spec_workflow, specflow, work_packages
from plait.ports import PlanSource

SETTINGS = {**TABLES, **FURTHER}
ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    page for place in ("*.md", "docs/**/*.md", "changelog.d/*.md") for page in ROOT.glob(place)
)
_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def links(page: Path) -> list[str]:
    """The targets of a page's relative links; what stands in code is no link."""
    found = _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))
    return [target for target in found if "://" not in target and not target.startswith("mailto:")]


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    plain = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(plain)
    }


def section(page: Path, heading: str) -> str:
    """What stands below a heading, up to the next of its rank or a higher one."""
    text = page.read_text(encoding="utf-8")
    start = re.search(rf"^(#+) +{re.escape(heading)} *$", text, re.MULTILINE)
    assert start, f"{page.name} has no section {heading!r}"
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{len(start[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page):
    """A relative link names a file that exists, and an anchor that the file has."""
    for target in links(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(place), f"{page.name}: {target}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_every_option_is_documented(verb):
    """A verb has a section in the reference, and the section names each of its options."""
    command: click.Command = import_module(VERBS[verb][0]).command
    told = section(REFERENCE / "commands.md", f"plait {verb}")
    parts = command.commands.values() if isinstance(command, click.Group) else [command]
    for parameter in (each for part in parts for each in part.params):
        if isinstance(parameter, click.Option):
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert re.search(rf"`{re.escape(option)}[` ]", told), f"plait {verb} {option}"


@pytest.mark.parametrize(
    ("page", "place", "format_"),
    [
        ("plan-openspec", "openspec/changes/add-export/work-packages.yaml", work_packages.FORMAT),
        ("plan-kiro", ".kiro/specs/export/tasks.md", kiro.FORMAT),
        ("plan-spec-workflow", ".spec-workflow/specs/export/tasks.md", spec_workflow.FORMAT),
        ("plan-plait-yaml", "plans/login.plait.yaml", plait_yaml.FORMAT),
        ("plan-specflow", "documentation/features/export/tasks.md", specflow.FORMAT),
    ],
)
def test_the_example_plans_are_valid(page, place, format_, tmp_path):
    """The plan shown in a how-to guide is read without a finding that stops a run."""
    text = (ROOT / "docs" / "howto" / f"{page}.md").read_text(encoding="utf-8")
    example = re.search(r"^```(?:yaml|markdown)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert example
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(example[1], encoding="utf-8")
    loaded = format_.load(PlanSource(root=tmp_path, path=path, name=place, in_repository=True))
    assert loaded.plan
    assert errors(loaded.findings) == ()


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_and_every_field_is_documented(name):
    """An event's type has a section in the reference, and the section names each field."""
    told = section(REFERENCE / "events.md", name)
    for field in fields(EVENTS[name]):
        assert f"`{field.name}`" in told, f"{name}.{field.name}"


def test_the_events_page_names_no_event_that_does_not_exist():
    """The list of events is closed: what the page has beyond the code is an error in the page."""
    page = (REFERENCE / "events.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == set(EVENTS)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_documented(name):
    """A table of the configuration has a section in the reference, with its keys' very rows."""
    told = section(REFERENCE / "configuration.md", name)
    rows = re.findall(r"^(\| `\w+` \|.*)$", told, re.MULTILINE)[: len(SETTINGS[name].keys)]
    assert rows == [
        f"| `{key}` | {each.default} | {each.meaning} |"
        for key, each in SETTINGS[name].keys.items()
    ]


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_every_exit_code_is_documented(code):
    """Each exit code has its row in the reference."""
    page = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| {code.value} \|", page, re.MULTILINE)


def test_every_field_of_the_report_is_documented():
    """Each key that a report can have at its top stands in the reference, and no other."""
    began = runs.started(runs.plan(runs.package("api")))
    told = section(REFERENCE / "report.md", "The run")
    rows = re.findall(r"^\| (`.*?) \|", told, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(build_report(began))


def test_the_rings_in_the_architecture_are_those_that_are_enforced():
    """The diagram of the rings lists the layers of the import contract, in their order."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    text = section(ROOT / "ARCHITECTURE.md", "Rings")
    diagram = re.search(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert diagram
    drawn = [re.split(r"  +", line)[0] for line in diagram[1].splitlines()]
    assert drawn == layers


def test_every_format_is_in_the_reference() -> None:
    """The table of formats names each one that ships, in order, with a page."""
    told = (REFERENCE / "formats.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `([a-z-]+)` \|.*\]\(\.\./howto/plan-[a-z-]+\.md\) \|$", told, re.MULTILINE
    )
    assert rows == sorted(plans.formats())
