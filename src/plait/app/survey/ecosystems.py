"""How projects in other languages are checked: by what their own tool does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plait.app.survey.tree import CheckFor, Found, Rank, Tree

_TESTS, _LINT, _TYPES = CheckFor.TESTS, CheckFor.LINT, CheckFor.TYPES


def ecosystems(tree: Tree) -> Iterator[Found]:
    """Rust, Go, the JVM's, Ruby, PHP, .NET, Elixir, Swift, Dart."""
    ci = " ".join(tree.read(each) for each in tree.files if each.startswith(".github/workflows/"))
    for name, manifests in _MANIFESTS.items():
        for folder in _folders(tree, manifests):
            for kind, command, program in _COMMANDS[name](tree, folder, ci):
                source = next(
                    (
                        each
                        for each in (tree.at(folder, m) for m in manifests)
                        if each in tree.files
                    ),
                    folder,
                )
                yield Found(
                    kind=kind,
                    command=command,
                    source=source,
                    rank=Rank.TOOL,
                    program=program or command.split()[0],
                    ecosystem=name,
                    cwd=folder,
                )


_Rows = Iterator[tuple[CheckFor, str, str]]
_MANIFESTS = {
    "rust": ("Cargo.toml",),
    "go": ("go.mod",),
    "maven": ("pom.xml",),
    "gradle": ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"),
    "ruby": ("Gemfile",),
    "php": ("composer.json",),
    "dotnet": ("*.sln", "*.slnx", "*.csproj", "*.fsproj"),
    "elixir": ("mix.exs",),
    "swift": ("Package.swift",),
    "dart": ("pubspec.yaml",),
}


def _folders(tree: Tree, manifests: tuple[str, ...]) -> tuple[str, ...]:
    if not manifests[0].startswith("*"):
        return tree.folders(*manifests)
    names = [each.rpartition("/")[2] for each in tree.near]
    return tree.folders(*(n for n in names if n.endswith(tuple(m[1:] for m in manifests))))


def _rust(tree: Tree, folder: str, ci: str) -> _Rows:
    whole = " --workspace" if "[workspace]" in tree.read(tree.at(folder, "Cargo.toml")) else ""
    yield _TESTS, f"cargo test{whole}", ""
    if "clippy" in ci or tree.has(tree.at(folder, "clippy.toml"), tree.at(folder, ".clippy.toml")):
        yield _LINT, f"cargo clippy{whole} --all-targets -- -D warnings", "cargo-clippy"


def _go(tree: Tree, folder: str, _ci: str) -> _Rows:
    yield _TESTS, "go test ./...", ""
    names = (".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json")
    if tree.has(*(tree.at(folder, name) for name in names), *names):
        yield _LINT, "golangci-lint run", ""
    yield _LINT, "go vet ./...", ""


def _maven(tree: Tree, folder: str, _ci: str) -> _Rows:
    wrapper = tree.has(tree.at(folder, "mvnw"))
    yield _TESTS, f"{'./mvnw' if wrapper else 'mvn'} -q -B test", ""


def _gradle(tree: Tree, folder: str, _ci: str) -> _Rows:
    wrapper = tree.has(tree.at(folder, "gradlew"))
    yield _TESTS, f"{'./gradlew' if wrapper else 'gradle'} --console=plain test", ""


def _ruby(tree: Tree, folder: str, _ci: str) -> _Rows:
    gems = tree.read(tree.at(folder, "Gemfile")) + tree.read(tree.at(folder, "Gemfile.lock"))
    if re.search(r"\brspec", gems) or tree.any(tree.at(folder, "spec"), "_spec.rb"):
        yield _TESTS, "bundle exec rspec", ""
    elif tree.has(tree.at(folder, "bin/rails")):
        yield _TESTS, "bin/rails test", ""
    elif tree.has(tree.at(folder, "Rakefile")):
        yield _TESTS, "bundle exec rake test", ""
    if tree.has(tree.at(folder, ".rubocop.yml")) or "rubocop" in gems:
        yield _LINT, "bundle exec rubocop", ""


def _php(tree: Tree, folder: str, _ci: str) -> _Rows:
    scripts = tree.json(tree.at(folder, "composer.json")).get("scripts")
    names = scripts if isinstance(scripts, dict) else {}
    for kind, known in (
        (_TESTS, ("test", "tests", "phpunit")),
        (_LINT, ("lint", "cs", "check-style")),
        (_TYPES, ("phpstan", "stan", "analyse", "analyze", "psalm")),
    ):
        name = next((each for each in known if each in names), None)
        if name:
            yield kind, f"composer run-script {name}", ""
    if tree.has(*(tree.at(folder, each) for each in ("phpunit.xml", "phpunit.xml.dist"))):
        yield _TESTS, "vendor/bin/phpunit", "php"
    if tree.has(*(tree.at(folder, each) for each in ("phpstan.neon", "phpstan.neon.dist"))):
        yield _TYPES, "vendor/bin/phpstan analyse --no-progress", "php"


def _dotnet(_tree: Tree, _folder: str, _ci: str) -> _Rows:
    yield _TESTS, "dotnet test", ""


def _elixir(tree: Tree, folder: str, _ci: str) -> _Rows:
    yield _TESTS, "mix test", ""
    if ":credo" in tree.read(tree.at(folder, "mix.exs")):
        yield _LINT, "mix credo", ""
    if ":dialyxir" in tree.read(tree.at(folder, "mix.exs")):
        yield _TYPES, "mix dialyzer", ""


def _swift(_tree: Tree, _folder: str, _ci: str) -> _Rows:
    yield _TESTS, "swift test", ""


def _dart(tree: Tree, folder: str, _ci: str) -> _Rows:
    program = "flutter" if "sdk: flutter" in tree.read(tree.at(folder, "pubspec.yaml")) else "dart"
    yield _TESTS, f"{program} test", ""
    yield _LINT, f"{program} analyze", ""


_COMMANDS = {
    "rust": _rust,
    "go": _go,
    "maven": _maven,
    "gradle": _gradle,
    "ruby": _ruby,
    "php": _php,
    "dotnet": _dotnet,
    "elixir": _elixir,
    "swift": _swift,
    "dart": _dart,
}
