"""Commands that run tests and linters, made to pass whatever they find; checks that changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from plait.core.finding import Finding
from plait.core.integrity.asked import asks_for
from plait.core.integrity.cases import is_test_file
from plait.core.integrity.change import Changed, Subject, grave, slight

_TESTS = re.compile(
    r"\b(?:py\.?test|unittest|tox|nox|jest|vitest|mocha|ava|karma|cypress|playwright|phpunit|rspec|"
    r"minitest|ctest|bats|go\s(?:test|vet)|cargo\s(?:test|clippy|nextest)|mvn|gradlew?|"
    r"(?:npm|pnpm|yarn|bun|deno|make|just|rake|mix|dotnet|swift)\s(?:run\s)?[\w:.-]{0,40}?"
    r"(?:test|check|lint|verify|spec)|ruff|mypy|flake8|pylint|eslint|tsc|golangci-lint|rubocop|"
    r"biome|pyright|coverage|shellcheck|bandit|prettier|black)\b|"
    r"(?:test|check|lint|verify)[\w-]{0,40}\.(?:sh|py|js|rb)\b"
)
_FORGIVEN = re.compile(
    r"\|\|\s*(?:true|:|exit\s+0|echo\b|printf\b)|;\s*(?:true|exit\s+0|:)\s*[\"',]*\s*$|"
    r"\|\|\s*\(?\s*exit\s+0|--exit-zero\b|--passWithNoTests\b|--no-error-on-unmatched"
)
_ANYWAY = re.compile(r"^\s*(?:-\s+)?(?:continue-on-error|allow_failure|ignore_errors)\s*:\s*true\b")
_LAX_SHELL = re.compile(r"^\s*set\s+\+\w*e")
_WHERE = re.compile(
    r"(?:^|/)(?:Makefile|makefile|GNUmakefile|[Jj]ustfile|Rakefile|Taskfile\.ya?ml|package\.json|"
    r"tox\.ini|noxfile\.py|pyproject\.toml|composer\.json|deno\.jsonc?|\.gitlab-ci\.yml|"
    r"Jenkinsfile|azure-pipelines\.yml|\.pre-commit-config\.yaml|\.travis\.yml|Dockerfile)$|"
    r"\.mk$|\.(?:sh|bash)$|(?:^|/)\.(?:github|circleci|gitea|forgejo|buildkite|woodpecker)/|"
    r"(?:^|/)(?:ci|\.ci|scripts|bin|tools)/[^/]+$"
)
_DOCUMENT = re.compile(r"\.(?:md|rst|txt|adoc|json5?|lock)$")
_PARTS = re.compile(r"&&|[;\n]")
_NOTHING = re.compile(r"[@-]?\s?(?:true|:|exit 0|(?:echo|printf)\b[^|&]*+)?")
_TARGETS = re.compile(r"\b(?:make|gmake|just)\s+(?:-\S+\s+)*([\w.-]+)")
_SCRIPTS = re.compile(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?([\w:.-]+)")
_CHECKING = re.compile(r"(?:test|check|verif|valid|lint|assert|gate|qa|\bci\b)", re.IGNORECASE)
_HINT = (
    "let the command fail where it finds something; or have it accepted: "
    "`plait answer RUN PACKAGE yes`"
)
_HINT_CHANGED = (
    "a package is judged by checks that it does not write itself; look at the change, then have "
    "it accepted: `plait answer RUN PACKAGE yes`"
)


def judge_commands(subject: Subject) -> Iterator[Finding]:
    """What the commit did to commands that were there, and to the package's own checks."""
    for change in subject.changes:
        runs = _WHERE.search(change.path) and (
            change.path.endswith("package.json") or not _DOCUMENT.search(change.path)
        )
        if runs and change.new is not None:
            yield from _defused(subject, change)
    yield from _own_checks(subject)


def _defused(subject: Subject, change: Changed) -> Iterator[Finding]:
    before = frozenset((change.old or "").splitlines())
    asked = asks_for(subject.package, "CHECK_DEFUSED", [change.path])
    made = slight if asked else grave
    lines = (change.new or "").splitlines()
    for number, line in enumerate(lines, start=1):
        if line in before or line.lstrip().startswith(("#", "//")):
            continue
        around = "\n".join(lines[max(0, number - 6) : number + 5])
        forgiven = _FORGIVEN.search(line) and _TESTS.search(line)
        anyway = _ANYWAY.search(line) and _TESTS.search(around)
        lax = _LAX_SHELL.search(line) and _TESTS.search("\n".join(lines[number:]))
        ignored = _ignored_recipe(change.path, line)
        if (forgiven or anyway or lax or ignored) and not (lax and not change.old):
            message = f"a command that tests may fail unnoticed now: {line.strip()[:100]}"
            yield made("CHECK_DEFUSED", message, _HINT, file=change.path, line=number)
    old, new = _recipes(change.path, change.old), _recipes(change.path, change.new)
    for name, command in old.items():
        if name in new and _TESTS.search(command) and _does_nothing(new[name]):
            place = _line(change.new or "", name)
            message = f"{name!r} runs nothing any more"
            yield made("CHECK_DEFUSED", message, _HINT, file=change.path, line=place)


def _does_nothing(command: str) -> bool:
    """Whether a command is of words that cannot fail."""
    return all(_NOTHING.fullmatch(part.strip()) for part in _PARTS.split(command))


def _ignored_recipe(path: str, line: str) -> bool:
    """Whether a line of a recipe begins with the mark by which make goes on after a failure."""
    makes = path.endswith(("akefile", ".mk"))
    return makes and bool(re.match(r"^\t@?-", line)) and bool(_TESTS.search(line))


def _own_checks(subject: Subject) -> Iterator[Finding]:
    """Files that a check of the package runs, and that were there before."""
    commands = {check.name: check.command for check in subject.checks if check.command}
    literal = {each for each in subject.package.scope.write if not set(each) & set("*?[{")}
    for change in subject.changes:
        told = next((name for name, command in commands.items() if _runs(command, change)), None)
        if told is None or change.old is None:
            continue
        asked = change.path in literal or asks_for(subject.package, "CHECK_CHANGED", [change.path])
        made = slight if asked else grave
        what = "is deleted" if change.deleted else "was changed"
        if _lost_its_bit(change):
            what = "can no longer be executed"
        message = f"what the check {told!r} runs {what} by the package that it judges"
        yield made("CHECK_CHANGED", message, _HINT_CHANGED, file=change.path)


def _runs(command: str, change: Changed) -> bool:
    path = change.path
    name = path.rpartition("/")[2]
    if name in {"Makefile", "makefile", "GNUmakefile", "justfile", "Justfile"}:
        return _differ(path, change, _TARGETS.findall(command))
    if name == "package.json":
        return _differ(path, change, _SCRIPTS.findall(command))
    if is_test_file(path) and re.search(r"(?:^|[._-])(?:test|spec)|(?:test|spec)[._]", name):
        return False  # its tests are judged one by one
    words = re.split(r"[\s;&|()\"'<>=]+", command)
    named = any(word.removeprefix("./") == path for word in words)
    return (
        named
        and bool(_CHECKING.search(name))
        and (change.old != change.new or _lost_its_bit(change))
    )


def _lost_its_bit(change: Changed) -> bool:
    return change.old_mode == "100755" and change.new_mode == "100644"


def _differ(path: str, change: Changed, names: list[str]) -> bool:
    old, new = _recipes(path, change.old), _recipes(path, change.new)
    return any(name in old and old[name] != new.get(name) for name in names)


def _recipes(path: str, text: str | None) -> Mapping[str, str]:
    """The commands of a file, by the name under which they are run."""
    if not text:
        return {}
    if path.endswith("package.json"):
        try:
            scripts = json.loads(text).get("scripts")
        except (ValueError, AttributeError, RecursionError):
            return {}
        if not isinstance(scripts, dict):
            return {}
        return {name: each for name, each in scripts.items() if isinstance(each, str)}
    if not path.endswith(("akefile", ".mk", "ustfile")):
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if target := re.match(r"^([\w./-]+)(?:\s[^:=]*)?:(?!=)", line):
            name = target[1]
            found.setdefault(name, "")
        elif name and line.startswith(("\t", "    ")):
            found[name] += f"{line.strip()}\n"
        elif line.strip() and not line.startswith("#"):
            name = ""
    return found


def _line(text: str, name: str) -> int:
    at = max(text.find(f"\n{name}:") + 1, text.find(f'"{name}"'), 0)
    return text.count("\n", 0, at) + 1
