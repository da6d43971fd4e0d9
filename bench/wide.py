"""Wide plans for the bench: as many packages as wanted, six globs each, as people write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

CHANGE = "openspec/changes/wide"
WORK_PACKAGES = f"{CHANGE}/work-packages.yaml"
GLOBS = 6
OVERLAPS = 10  # packages that may write what their neighbour may, and nothing orders the two
_A_MODULE = 25  # packages
_A_HUB = 10  # every tenth package writes the hub, one after another
_CONTRACT = b"openapi: 3.1.0\ninfo: {title: Wide, version: '1'}\npaths: {}\n"
_HEAD = """\
schema_version: 1
feature: {id: wide, plan_revision: 1}
contracts:
  revision: 1
  openapi: {primary: contracts/api.yaml, files: [contracts/api.yaml]}
packages:
"""
_PACKAGE = """\
  - package_id: wp-{number:05d}
    title: Build part {number}
    task_type: implement
    description: >-
      Write part {number} with its tests and its page.
    depends_on: [{needs}]
    priority: 5
    locks:
      files: []
      keys: ["api:GET /v1/parts/{number}/{{id}}", "db:schema:part_{number}"]
    scope:
      write_allow:
{globs}
      read_allow: ["**"]
      deny: ["**/*.lock"]
    worktree: {{name: wp-{number:05d}}}
    timeout_minutes: 60
    retry_budget: 1
    min_trust_level: 2
    verification:
      tier_required: A
      steps:
        - name: tests
          kind: command
          command: pytest -q tests/module_{module}/part_{number}
          evidence: {{artifacts: [], result_keys: [tests_passed]}}
    outputs: {{result_keys: [tests_passed]}}
"""


def wide_plan(packages: int) -> Mapping[str, bytes]:
    """The files of an OpenSpec change with so many packages."""
    text = _HEAD + "".join(map(_package, range(packages)))
    return {WORK_PACKAGES: text.encode(), f"{CHANGE}/contracts/api.yaml": _CONTRACT}


def globs(number: int) -> Iterator[str]:
    """The six globs of a package."""
    module = number // _A_MODULE
    yield f"src/module_{module}/part_{number}/**"
    yield f"src/module_{module}/part_{number}.py"
    yield f"tests/module_{module}/part_{number}/test_*.py"
    yield f"tests/module_{module}/**/part_{number}_*.json"
    yield f"docs/parts/part_{number}.md"
    if number % _A_HUB == 0:
        yield "src/shared/**"
    elif number % _A_MODULE == 1 and number // _A_MODULE < OVERLAPS:
        yield f"src/module_{module}/part_{number + 1}/*.py"
    else:
        yield f"config/module_{module}/part_{number}.toml"


def needs(number: int) -> Iterator[int]:
    """A chain through the hub, and each part on the first of its module."""
    if number % _A_HUB == 0 and number >= _A_HUB:
        yield number - _A_HUB
    first = number - number % _A_MODULE
    if number % _A_MODULE > 2 and first != number - _A_HUB:
        yield first


def _package(number: int) -> str:
    return _PACKAGE.format(
        number=number,
        module=number // _A_MODULE,
        needs=", ".join(f"wp-{each:05d}" for each in needs(number)),
        globs="\n".join(f"        - {glob!r}" for glob in globs(number)),
    )
