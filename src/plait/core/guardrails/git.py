"""What git, and the programs around it, would lose or rewrite."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from plait.core.guardrails.call import Call, options
from plait.core.guardrails.inner import Inner, quoted
from plait.core.guardrails.places import Place, normal, place
from plait.core.guardrails.state import HOLE
from plait.core.guardrails.verdict import Bound, Category, Offence, Trust

_VALUED = ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--super-prefix",
           "--config-env", "--list-cmds", "--attr-source")  # fmt: skip
_ALIAS = re.compile(r"alias\.([^=]+)=(.*)", re.DOTALL)
# Settings that hold a command, which git runs later: outside, for whoever works next.
_RUNS = re.compile(
    r"^(?:core\.(?:sshcommand|fsmonitor|hookspath|editor|pager|askpass|gitproxy)|credential\.helper"
    r"|diff\..*\.(?:command|textconv)|diff\.external|filter\..*|merge\..*\.driver|gpg\.program"
    r"|sequence\.editor|.*\.(?:uploadpack|receivepack)|include\.path|includeif\..*|alias\..*)$",
    re.IGNORECASE,
)


# What they lose is a worktree's, or a repository's, which worktrees share.
_OF_TREES = frozenset({"reset", "clean", "checkout", "restore", "switch", "rm", "submodule"})
_OF_REFS = frozenset(
    {"branch", "tag", "stash", "reflog", "gc", "prune", "filter-branch", "filter-repo",
     "update-ref", "worktree", "remote", "config"}
)  # fmt: skip


def _offence(level: Trust, operation: str, why: str) -> Offence:
    return Offence(Category.GIT, level, f"git {operation}", why)


class Command:
    """A git command apart: its options before the verb, the verb, what follows.

    `folders` are those that it changes to; `elsewhere`: it names another repository.
    """

    __slots__ = ("args", "elsewhere", "folders", "settings", "verb")

    def __init__(self, args: tuple[str, ...]) -> None:
        """Take it apart."""
        at = 0
        settings: list[str] = []
        folders: list[str] = []
        self.elsewhere = False
        while at < len(args) and args[at].startswith("-"):
            each = args[at]
            self.elsewhere |= each.partition("=")[0] in {"--git-dir", "--work-tree"}
            if each in _VALUED:
                if each == "-C":
                    folders += args[at + 1 : at + 2]
                if each in {"-c", "--config-env"}:
                    settings.append(args[at + 1] if at + 1 < len(args) else "")
                at += 2
                continue
            if each.startswith("-c") and len(each) > 2:  # noqa: PLR2004
                settings.append(each[2:])
            at += 1
        self.settings = settings
        self.folders = folders
        self.verb = args[at] if at < len(args) else ""
        self.args = args[at + 1 :]


def offences(call: Call) -> Iterator[Offence]:
    """What a command of git's, or of a forge's own program, would do."""
    if call.name in {"gh", "glab", "hub", "tea"}:
        yield from _forge(call)
    if call.name in {"git-filter-repo", "bfg"}:
        yield _offence(Trust.ADMIN, "filter-repo", "it rewrites the whole history")
    if call.name != "git":
        return
    command = Command(call.args)
    for each in command.settings:
        if HOLE in each.partition("=")[0]:
            yield _unknown("which setting it sets cannot be told before it runs")
    if HOLE in command.verb:
        yield _unknown("which of git's commands this is cannot be told before it runs")
    known = _VERBS.get(command.verb)
    if known is not None:
        within = _within(command, call)
        for found in known(command, call):
            yield found._replace(within=within)


def _within(command: Command, call: Call) -> Bound | None:
    """What has to be an agent's own, so that nobody else misses what is lost."""
    if command.verb not in _OF_TREES | _OF_REFS or command.elsewhere or call.pointed:
        return None
    folder = call.cwd
    for each in command.folders:
        folder = normal(each, folder, call.roots)
    match place(".", folder, call.roots):
        case Place.WHOLE | Place.INSIDE | Place.PRODUCT | Place.TEMPORARY:
            return Bound.WORKTREE if command.verb in _OF_TREES else Bound.REPOSITORY
        case Place.UNKNOWN:
            return Bound.FILES
        case _:
            return None


def _unknown(why: str) -> Offence:
    return Offence(Category.UNKNOWN, Trust.ELEVATED, "git", why)


def inner(call: Call) -> Iterator[Inner]:
    """What git runs in its turn: an alias given with it, a setting that is a command."""
    command = Command(call.args)
    for each in command.settings:
        alias = _ALIAS.fullmatch(each)
        if alias and alias[1].lower() == command.verb.lower():
            rest = " ".join(map(quoted, command.args))
            text = alias[2].lstrip()
            told = text[1:] if text[:1] == "!" else f"git {text}"
            yield Inner(text=f"{told} {rest}" if rest else told)
        elif not alias and _RUNS.match(each.partition("=")[0]):
            text = each.partition("=")[2].removeprefix("!")
            if " " in text:
                yield Inner(text=text)
    if command.verb == "config":
        named = [each for each in command.args if not each.startswith("-")]
        if len(named) > 1 and named[-2].lower().startswith("alias."):
            text = named[-1].strip()
            yield Inner(text=text[1:] if text.startswith("!") else f"git {text}")
    if command.verb == "bisect" and command.args[:1] == ("run",):
        yield Inner(words=command.args[1:])
    if command.verb == "submodule" and "foreach" in command.args:
        behind = command.args[command.args.index("foreach") + 1 :]
        yield Inner(text=" ".join(each for each in behind if each != "--recursive"))
    if command.verb == "rebase":
        told = options(command.args, ("x", "exec", "onto", "s", "X"))
        for script in (*told.all("x"), *told.all("exec")):
            yield Inner(text=script)


def _push(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("o", "push-option", "repo", "receive-pack", "exec"))
    if told.has("n", "dry-run"):
        return
    if told.has("f", "force", "force-with-lease", "force-if-includes"):
        yield _offence(Trust.ELEVATED, "push --force", "it overwrites a branch of a remote")
    if told.has("", "mirror"):
        yield _offence(Trust.ADMIN, "push --mirror", "it makes a remote's refs those of here")
    if told.has("", "prune"):
        yield _offence(Trust.ELEVATED, "push --prune", "it deletes branches of a remote")
    if told.has("d", "delete") or any(each.startswith(":") and each != ":" for each in told.rest):
        yield _offence(Trust.ELEVATED, "push --delete", "it deletes a branch of a remote")
    if any(each.startswith("+") for each in told.rest):
        yield _offence(Trust.ELEVATED, "push +REF", "it overwrites a branch of a remote")
    if told.rest[:1] in {("heroku",), ("dokku",), ("piku",)}:
        why = "it deploys what it pushes"
        yield Offence(Category.DEPLOYMENT, Trust.ELEVATED, f"git push {told.rest[0]}", why)
    yield _offence(Trust.STANDARD, "push", "it changes a remote; Plait itself pushes, with --pr")


def _reset(command: Command, _call: Call) -> Iterator[Offence]:
    if options(command.args).has("", "hard", "merge", "keep"):
        yield _offence(Trust.ELEVATED, "reset --hard", "it discards what is not committed")


def _clean(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("e", "exclude"))
    if told.has("f", "force") and not told.has("n", "dry-run"):
        yield _offence(Trust.ELEVATED, "clean -f", "it deletes files that git does not know")


def _checkout(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("b", "B", "orphan", "conflict"))
    paths = command.args[command.args.index("--") + 1 :] if "--" in command.args else ()
    if told.has("f", "force"):
        yield _offence(Trust.ELEVATED, "checkout --force", "it discards what is not committed")
    elif _everything(paths or told.rest):
        yield _offence(Trust.ELEVATED, "checkout .", "it discards all that is not committed")
    elif paths:
        yield _offence(Trust.STANDARD, "checkout -- FILE", "it discards what is not committed")


def _restore(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("s", "source", "pathspec-from-file"))
    if told.has("S", "staged") and not told.has("W", "worktree"):
        return
    level = Trust.ELEVATED if _everything(told.rest) else Trust.STANDARD
    yield _offence(level, "restore", "it discards what is not committed")


def _everything(paths: tuple[str, ...]) -> bool:
    return any(each in {".", "*", "./", ":/", ":/*", "..", "./*", "-A"} for each in paths)


def _switch(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("c", "C", "orphan"))
    if told.has("f", "force", "discard-changes"):
        yield _offence(Trust.ELEVATED, "switch --force", "it discards what is not committed")


def _branch(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("u", "set-upstream-to", "contains", "merged", "sort"))
    forced = told.has("f", "force")
    if told.has("D") or (told.has("d", "delete") and forced):
        yield _offence(Trust.ELEVATED, "branch -D", "it deletes a branch, merged or not")
    elif told.has("d", "delete"):
        yield _offence(Trust.STANDARD, "branch -d", "it deletes a merged branch")
    elif told.has("MC") or (forced and told.rest):
        yield _offence(Trust.ELEVATED, "branch -f", "it moves a branch that is there")


def _tag(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("m", "F", "u", "message", "file", "local-user", "sort", "n"))
    if told.has("d", "delete"):
        yield _offence(Trust.ELEVATED, "tag -d", "it deletes a tag")
    elif told.has("f", "force"):
        yield _offence(Trust.ELEVATED, "tag -f", "it moves a tag")


def _stash(command: Command, _call: Call) -> Iterator[Offence]:
    if command.args[:1] in {("drop",), ("clear",)}:
        yield _offence(Trust.ELEVATED, f"stash {command.args[0]}", "it discards what was put by")


def _reflog(command: Command, _call: Call) -> Iterator[Offence]:
    if command.args[:1] in {("expire",), ("delete",)}:
        why = "without it, what was rewritten cannot be found again"
        yield _offence(Trust.ADMIN, f"reflog {command.args[0]}", why)


def _gc(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args)
    if any(name.startswith("prune") and value in {"now", "all"} for name, value in told.long):
        yield _offence(Trust.ELEVATED, "gc --prune=now", "it deletes what no branch reaches")


def _prune(_command: Command, _call: Call) -> Iterator[Offence]:
    yield _offence(Trust.ELEVATED, "prune", "it deletes what no branch reaches")


def _rewrite(command: Command, _call: Call) -> Iterator[Offence]:
    yield _offence(Trust.ADMIN, command.verb, "it rewrites the whole history")


def _update_ref(command: Command, _call: Call) -> Iterator[Offence]:
    if options(command.args, ("m",)).has("d", "stdin"):
        yield _offence(Trust.ELEVATED, "update-ref -d", "it deletes a branch or another ref")


def _worktree(command: Command, _call: Call) -> Iterator[Offence]:
    if command.args[:1] in {("remove",), ("prune",), ("move",)}:
        why = "the worktrees of this repository belong to other agents too"
        level = Trust.STANDARD if command.args[0] == "prune" else Trust.ELEVATED  # what is gone
        yield _offence(level, f"worktree {command.args[0]}", why)


def _remote(command: Command, _call: Call) -> Iterator[Offence]:
    if command.args[:1] and command.args[0] in {"remove", "rm", "set-url", "rename", "prune"}:
        why = "it changes where everyone fetches from and pushes to"
        level = Trust.STANDARD if command.args[0] == "prune" else Trust.ELEVATED
        yield _offence(level, f"remote {command.args[0]}", why)


def _config(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("f", "file", "type", "default", "blob"))
    words = [each for each in told.rest if each not in {"set", "get", "unset", "list", "edit"}]
    reads = told.has("l", "get", "get-all", "get-regexp", "list", "show-origin") or (
        told.rest[:1] in {("get",), ("list",)}
    )
    if reads or not words:
        return
    if len(words) > 1 and _RUNS.match(words[0]) and not words[0].lower().startswith("alias."):
        why = "git would run that command later, for whoever works next"
        yield _offence(Trust.ELEVATED, f"config {words[0]}", why)
    elif told.has("", "global", "system") and len(words) > 1:
        yield _offence(Trust.STANDARD, "config --global", "it changes git for every repository")


def _remove(command: Command, _call: Call) -> Iterator[Offence]:
    told = options(command.args, ("pathspec-from-file",))
    if told.has("r") and _everything(told.rest) and not told.has("n", "cached", "dry-run"):
        yield _offence(Trust.ELEVATED, "rm -r .", "it deletes all files")


def _submodule(command: Command, _call: Call) -> Iterator[Offence]:
    if "deinit" in command.args and options(command.args).has("f", "force", "all"):
        why = "it discards what is not committed in submodules"
        yield _offence(Trust.ELEVATED, "submodule deinit", why)


def _add(command: Command, call: Call) -> Iterator[Offence]:
    from plait.core.guardrails.credentials import is_credential

    for each in options(command.args).rest:
        if is_credential(call.normal(each)):
            why = f"{each} may hold secrets, and would be in the history for good"
            yield Offence(Category.CREDENTIAL, Trust.ELEVATED, "git add", why)


def _credential(command: Command, _call: Call) -> Iterator[Offence]:
    if command.args[:1] == ("fill",):
        why = "it prints a password"
        yield Offence(Category.CREDENTIAL, Trust.ADMIN, "git credential fill", why)


_VERBS: Mapping[str, Callable[[Command, Call], Iterator[Offence]]] = {
    "push": _push, "reset": _reset, "clean": _clean, "checkout": _checkout, "restore": _restore,
    "switch": _switch, "branch": _branch, "tag": _tag, "stash": _stash, "reflog": _reflog,
    "gc": _gc, "prune": _prune, "filter-branch": _rewrite, "filter-repo": _rewrite,
    "update-ref": _update_ref, "worktree": _worktree, "remote": _remote, "config": _config,
    "rm": _remove, "submodule": _submodule, "add": _add, "stage": _add,
    "credential": _credential,
}  # fmt: skip


def _forge(call: Call) -> Iterator[Offence]:
    """`gh` and its like: what they do at the forge."""
    words = tuple(each for each in call.args if not each.startswith("-"))
    what = " ".join((call.name, *words[:2]))
    told = options(call.args, ("X", "method", "f", "F", "H", "R", "repo"))
    match words[:2]:
        case ("repo" | "project", "delete" | "archive"):
            yield Offence(Category.GIT, Trust.ADMIN, what, "it deletes a repository at the forge")
        case ("pr" | "mr", "merge"):
            why = "it merges at the forge, past Plait's queue"
            yield Offence(Category.GIT, Trust.ELEVATED, what, why)
        case ("release", "create" | "delete" | "upload" | "edit"):
            why = "it changes what is offered to everyone"
            yield Offence(Category.PUBLISH, Trust.ELEVATED, what, why)
        case ("secret" | "variable", "set" | "delete" | "remove"):
            why = "it changes the secrets of a repository"
            yield Offence(Category.CREDENTIAL, Trust.ELEVATED, what, why)
        case ("auth", "token" | "status") if words[1] == "token" or told.has("t", "show-token"):
            yield Offence(Category.CREDENTIAL, Trust.ADMIN, what, "it prints a token")
        case ("workflow", "run"):
            why = "it starts a workflow at the forge"
            yield Offence(Category.DEPLOYMENT, Trust.ELEVATED, what, why)
        case ("issue" | "label" | "gist" | "ssh-key" | "run" | "cache", "delete"):
            yield Offence(Category.GIT, Trust.ELEVATED, what, "it deletes at the forge")
        case ("api", _) if told.value("X", "method").upper() in {"DELETE", "PUT", "PATCH"}:
            yield Offence(Category.GIT, Trust.ELEVATED, what, "it changes things at the forge")
        case _:
            return
