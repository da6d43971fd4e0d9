"""What would offer something to everyone: package registries, above all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plait.core.guardrails.call import Call, behind
from plait.core.guardrails.verdict import Category, Offence, Trust

_VALUED = ("-C", "--prefix", "--cwd", "-w", "--workspace", "--filter", "-F", "--registry", "-p",
           "--manifest-path", "--package", "--directory", "--project", "-f", "--file")  # fmt: skip
_VERBS: tuple[tuple[str, frozenset[str]], ...] = (
    ("npm", frozenset({"publish", "unpublish", "deprecate", "dist-tag", "owner", "pub"})),
    ("pnpm", frozenset({"publish"})),
    ("yarn", frozenset({"publish"})),
    ("bun", frozenset({"publish"})),
    ("deno", frozenset({"publish"})),
    ("jsr", frozenset({"publish"})),
    ("lerna", frozenset({"publish"})),
    ("changeset", frozenset({"publish"})),
    ("semantic-release", frozenset({""})),
    ("release-it", frozenset({""})),
    ("np", frozenset({""})),
    ("vsce", frozenset({"publish", "unpublish"})),
    ("ovsx", frozenset({"publish"})),
    ("twine", frozenset({"upload"})),
    ("uv", frozenset({"publish"})),
    ("poetry", frozenset({"publish"})),
    ("flit", frozenset({"publish"})),
    ("hatch", frozenset({"publish"})),
    ("pdm", frozenset({"publish"})),
    ("rye", frozenset({"publish"})),
    ("maturin", frozenset({"publish", "upload"})),
    ("setup.py", frozenset({"upload", "register"})),
    ("anaconda", frozenset({"upload"})),
    ("cargo", frozenset({"publish", "yank", "owner", "release"})),
    ("gem", frozenset({"push", "yank", "owner"})),
    ("mvn", frozenset({"deploy", "release:perform", "release:prepare", "deploy:deploy-file"})),
    ("mvnw", frozenset({"deploy", "release:perform"})),
    ("dotnet", frozenset({"nuget"})),
    ("nuget", frozenset({"push", "delete"})),
    ("goreleaser", frozenset({"release"})),
    ("pod", frozenset({"trunk"})),
    ("mix", frozenset({"hex.publish", "hex.retire"})),
    ("rebar3", frozenset({"hex"})),
    ("cabal", frozenset({"upload"})),
    ("stack", frozenset({"upload"})),
    ("opam", frozenset({"publish"})),
    ("dart", frozenset({"pub"})),
    ("flutter", frozenset({"pub"})),
    ("sbt", frozenset({"publish", "publishSigned", "release"})),
    ("huggingface-cli", frozenset({"upload"})),
    ("hf", frozenset({"upload"})),
    ("fastlane", frozenset({"release", "deliver", "supply"})),
    ("snapcraft", frozenset({"upload", "push", "release"})),
    ("charmcraft", frozenset({"upload"})),
    ("conan", frozenset({"upload"})),
    ("luarocks", frozenset({"upload"})),
    ("clojars", frozenset({"push"})),
    ("clasp", frozenset({"push", "deploy"})),
    ("eas", frozenset({"submit", "update"})),
    ("expo", frozenset({"publish"})),
)
_TABLE = dict(_VERBS)
_FURTHER = {"dotnet": "push", "pod": "push", "dart": "publish", "flutter": "publish",
            "rebar3": "publish"}  # fmt: skip
_TASK = re.compile(r"^publish(?:$|[:_-])")
_RUNNERS = frozenset({"make", "gmake", "npm", "pnpm", "yarn", "bun", "just", "task", "rake"})
_HERE = re.compile(r"--registry[= ]https?://(?:localhost|127\.0\.0\.1)(?=[:/]|$)")
_DRY = frozenset({"--dry-run", "--help", "-h", "--no-publish", "--snapshot", "--list"})


def _offence(operation: str) -> Offence:
    return Offence(Category.PUBLISH, Trust.ELEVATED, operation, "it offers it to everyone")


def offences(call: Call) -> Iterator[Offence]:
    """What a command would publish."""
    if _DRY & set(call.args) or _HERE.search(" ".join(call.args)):
        return
    name, args = call.name, call.args
    if name in {"python", "python3"} and args[:1] and args[0].endswith("setup.py"):
        name, args = "setup.py", args[1:]
    words = behind(args, _VALUED)
    verbs = _TABLE.get(name, frozenset())
    if "" in verbs:
        yield _offence(name)
        return
    if name == "yarn" and words[:1] == ("npm",):
        words = words[1:]
    if name == "npm" and words[:1] in {("dist-tag",), ("owner",)} and words[1:2] == ("ls",):
        return
    found = words[0] if words and words[0] in verbs else None
    if name in {"mvn", "mvnw", "sbt", "setup.py", "fastlane", "mix"}:
        found = next((each for each in words if each in verbs), None)
    if name == "rebar3" or (name in _FURTHER and found):
        found = found if found and _FURTHER[name] in words else None
    if found:
        yield _offence(f"{name} {found}")
    elif name in {"gradle", "gradlew"}:
        task = next((each for each in words if re.match(r"(?:.*:)?publish", each)
                     and "MavenLocal" not in each), None)  # fmt: skip
        if task:
            yield _offence(f"{name} {task}")
    elif name in _RUNNERS:
        task = next((each for each in words[:3] if _TASK.match(each)), None)
        if task:
            yield _offence(f"{name} {task}")
    elif name in {"publish", "publish.sh"}:
        yield _offence(name)
