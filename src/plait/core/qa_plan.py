"""What there is to try in a repository: from its files and `[qa]` to the items of a try.

What the owner names is held strictly. What is only found (a script, a page, a description of an
API) is a guess: where it does not even start, nobody knows whose fault that is, so it is not run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from plait.core.event import QaKind
from plait.core.plan import Plan
from plait.core.qa import QaItem, QaPolicy, Scenario

READ = ("package.json", "pyproject.toml")  # whose texts are needed
NO_SERVICE = "nothing says how it is served: name the command in `[qa] serve`"
ELSEWHERE = "`[qa] address` is set and `serve` is not: what answers there need not be what landed"
_LOCKS = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"))
_SERVES = ("preview", "start", "serve", "dev")
_FOLDERS = ("", "public/", "static/", "web/")
_OPENAPI = re.compile(r"(?:^|/)(?:openapi|swagger)[\w.-]{0,40}\.(?:ya?ml|json)$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_CALL = re.compile(r"([A-Za-z_][\w.]{0,100}):([A-Za-z_]\w{0,100})")
_PATH = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}")
_DEEPEST = 3
_MOST_FOUND = 5
_PYTHON = (
    "P=python3; if [ -x .venv/bin/python ]; then P=.venv/bin/python; fi; "
    'PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}" exec "$P"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The files of a landed tree, and the texts of those in `READ` that are there."""

    files: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        return path in self.files


@dataclass(frozen=True, slots=True, kw_only=True)
class QaPlan:
    """What is tried, and what must be served for it.

    `serve` is a command that listens at `url`, in which `{port}` stands for a leased one.
    `guessed`: nobody has named it.
    """

    items: tuple[QaItem, ...]
    serve: str = ""
    url: str = "http://127.0.0.1:{port}"
    guessed: bool = False


def plan_of(repository: Repository, policy: QaPolicy, plan: Plan) -> QaPlan:
    """The full plan of a try. Pure: the same tree and settings give the same plan."""
    manifest = _object(repository.texts.get("package.json", ""))
    program = policy.serve or _script(repository, manifest)
    serve = program or _static(repository)
    elsewhere = ELSEWHERE if policy.url and not policy.serve else ""
    lacks = {
        QaKind.CLI: "",
        QaKind.API: elsewhere or ("" if program else NO_SERVICE),
        QaKind.WEB: elsewhere or ("" if serve else NO_SERVICE),
    }
    items: list[QaItem] = [
        *_cli(repository, policy, manifest),
        *_api(repository, policy, plan, lacks[QaKind.API]),
        *_web(repository, policy, lacks[QaKind.WEB]),
    ]
    items += [
        QaItem(id="", scenario=scenario, lack=lacks[scenario.kind]) for scenario in policy.scenarios
    ]
    order = list(QaKind)
    items.sort(key=lambda each: order.index(each.kind))
    numbered = tuple(
        QaItem(
            id=f"{each.kind.value}-{number}",
            scenario=each.scenario,
            schema=each.schema,
            guessed=each.guessed,
            lack=each.lack,
        )
        for number, each in enumerate(items, start=1)
    )
    return QaPlan(
        items=numbered,
        serve="" if elsewhere else serve,
        url=policy.url or "http://127.0.0.1:{port}",
        guessed=not policy.serve,
    )


# -- command lines -----------------------------------------------------------------------------


def _cli(repository: Repository, policy: QaPolicy, manifest: Mapping[str, Any]) -> Iterator[QaItem]:
    """That a command line starts and tells what it does."""
    if policy.cli:
        command = f"{policy.cli} --help"
        yield _help(policy.cli, command, guessed=False)
        return
    if any(each.kind is QaKind.CLI for each in policy.scenarios):
        return  # the owner has said how it is tried
    yield from _first(_found_cli(repository, manifest))


def _found_cli(repository: Repository, manifest: Mapping[str, Any]) -> Iterator[QaItem]:
    scripts = dict(_scripts(repository.texts.get("pyproject.toml", "")))
    for name, told in scripts.items():
        call = _CALL.fullmatch(told)
        if call is None or not _NAME.fullmatch(name):
            continue
        code = f'import sys; sys.argv[0] = "{name}"; from {call[1]} import {call[2]} as main; '
        yield _help(name, f"{_PYTHON} -c '{code}sys.exit(main())' --help", guessed=True)
    tops = {told.partition(".")[0].partition(":")[0] for told in scripts.values()}
    for path in sorted(repository.files):
        parts = path.removeprefix("src/").split("/")
        is_module = len(parts) == 2 and parts[1] == "__main__.py"  # noqa: PLR2004 - module, file
        if is_module and parts[0] not in tops and parts[0].isidentifier():
            yield _help(parts[0], f"{_PYTHON} -m {parts[0]} --help", guessed=True)
    bins = manifest.get("bin")
    table = {str(manifest.get("name") or "bin"): bins} if isinstance(bins, str) else bins
    for name, told in table.items() if isinstance(table, dict) else ():
        path = str(told).removeprefix("./")
        if _PATH.fullmatch(path) and repository.has(path) and isinstance(name, str):
            yield _help(name[:60], f"exec node ./{path} --help", guessed=True)


def _help(name: str, command: str, *, guessed: bool) -> QaItem:
    scenario = Scenario(name=f"{name} --help", kind=QaKind.CLI, command=command)
    return QaItem(id="", scenario=scenario, guessed=guessed)


def _scripts(text: str) -> Iterator[tuple[str, str]]:
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    tool = _part(document, "tool")
    for table in (
        _part(_part(document, "project"), "scripts"),
        _part(_part(tool, "poetry"), "scripts"),
    ):
        yield from ((name, told) for name, told in table.items() if isinstance(told, str))


# -- what is served ----------------------------------------------------------------------------


def _api(repository: Repository, policy: QaPolicy, plan: Plan, lack: str) -> Iterator[QaItem]:
    """That an API is as it is described."""
    schema = policy.openapi or _described(repository, plan)
    if not schema:
        return
    missing = lack
    if not missing and not schema.startswith("/") and not repository.has(schema):
        missing = f"the tree has no {schema}"
    scenario = Scenario(name=f"as {schema} says", kind=QaKind.API)
    yield QaItem(id="", scenario=scenario, schema=schema, lack=missing, guessed=not policy.openapi)


def _described(repository: Repository, plan: Plan) -> str:
    """Where the API is described: near the root first, else among the plan's contracts."""
    found = [
        each
        for each in repository.files
        if each.count("/") < _DEEPEST and _OPENAPI.search(each) and "test" not in each
    ]
    named = [plan.contracts.primary or "", *plan.contracts.files]
    found += [each for each in named if "openapi" in each and repository.has(each)]
    return min(found, key=lambda each: (each not in named, each.count("/"), each), default="")


def _web(repository: Repository, policy: QaPolicy, lack: str) -> Iterator[QaItem]:
    """That pages show, without errors."""
    pages = policy.pages
    if not pages and (
        _page_folder(repository) is None
        or any(each.kind is QaKind.WEB for each in policy.scenarios)
    ):
        return
    for path in pages or ("/",):
        scenario = Scenario(name=f"page {path}", kind=QaKind.WEB, path=path)
        yield QaItem(id="", scenario=scenario, lack=lack, guessed=not pages and not policy.serve)


def _page_folder(repository: Repository) -> str | None:
    return next((each for each in _FOLDERS if repository.has(f"{each}index.html")), None)


def _script(repository: Repository, manifest: Mapping[str, Any]) -> str:
    """How the repository is served, as far as its scripts say."""
    scripts = _part(manifest, "scripts")
    for name in _SERVES:
        text = scripts.get(name)
        if not isinstance(text, str) or not text.strip():
            continue
        manager = next((who for lock, who in _LOCKS if repository.has(lock)), "npm")
        more = ""
        if "vite" in text:
            more = ' -- --host 127.0.0.1 --strictPort --port "$PORT"'
        elif "next" in text:
            more = ' -- --port "$PORT"'
        return f"{manager} run {name}{more}"
    return ""


def _static(repository: Repository) -> str:
    """How pages are served that need no program."""
    folder = _page_folder(repository)
    if folder is None:
        return ""
    return f'exec python3 -m http.server "$PORT" --bind 127.0.0.1 --directory ./{folder}'


# -- parts of documents ------------------------------------------------------------------------


def _first(items: Iterator[QaItem]) -> Iterator[QaItem]:
    for number, each in enumerate(items):
        if number >= _MOST_FOUND:
            return
        yield each


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _part(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
