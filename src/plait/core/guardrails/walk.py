"""A shell's text walked through, as the shell would run it, as far as the text tells.

Each command that would be run is handed to the rules with its words expanded: quotes gone,
variables of the same text filled in, what wraps it taken off. Of branches all are walked; what a
variable may hold after them is any of what they set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from plait.core.guardrails import builtins, code, git
from plait.core.guardrails.call import Call
from plait.core.guardrails.expand import Choices, fields, plain, variants
from plait.core.guardrails.inner import SHELLS, Inner, inner
from plait.core.guardrails.places import Place
from plait.core.guardrails.printed import printed
from plait.core.guardrails.script import (
    Assign,
    Broken,
    Choice,
    Function,
    Group,
    Loop,
    Node,
    Parse,
    Pipe,
    Redirect,
    Script,
    Simple,
)
from plait.core.guardrails.state import FETCHED, HOLE, MOST_TEXT, STANDS_FOR_HOLE, State, Values
from plait.core.guardrails.verdict import Bound, Category, Offence, Trust

MOST_STEPS = 4000
DEEPEST = 24
Rule = Callable[[Call], Iterable[Offence]]
# What they print is more than what they run prints.
_WITH_OUTPUT_OF_THEIR_OWN = frozenset({"git", "tar", "awk", "gawk", "mawk", "command"})
# They read a program on their standard input where they are given none.
_INTERPRETERS = frozenset({"python", "python2", "python3", "node", "perl", "ruby", "php", "deno"})
# Variables that lead git to another repository or worktree, and such that tell an environment.
_POINTERS = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"})
_STAGES = ("RAILS_ENV", "RACK_ENV", "NODE_ENV", "APP_ENV", "MIX_ENV", "FLASK_ENV", "DJANGO_ENV")
_TESTS = {(("test",),), (("testing",),)}
_ROOT = frozenset({"/", "/*", "~", "~/*"})  # no innocent command is given these
_SETTERS = frozenset({"env", "sudo", "doas", "cross-env"})


class _EnoughError(Exception):
    """There is too much of it."""


class Walk:
    """One walk. `found` is what the rules said of the commands on the way."""

    def __init__(self, parse: Parse, rules: Sequence[Rule], roots: tuple[str, ...] = ()) -> None:
        """Nothing walked yet.

        Args:
            parse: Reads a text.
            rules: Asked of each command.
            roots: Absolute paths: the worktree's, and folders that are the agent's own.
        """
        self.found: list[Offence] = []
        self._parse = parse
        self._rules = rules
        self._roots = roots
        self._steps = MOST_STEPS
        self._depth = 0
        self._calling: list[str] = []
        self._piped = 0
        self._pipes = 0

    def through(self, text: str, cwd: str = "") -> None:
        """Walk through a text from its beginning, in a folder."""
        try:
            self._script(self._parse(text), State(cwd), None)
        except _EnoughError:
            self._unknown("too much", "it does too much, or is too deep, to be looked through")

    def output(self, script: Script, state: State) -> str:
        """What a script that runs apart prints."""
        return self._script(script, state.copy(), None)

    def channel(self, script: Script, state: State) -> str:
        """The path of a pipe that holds what a script prints."""
        self._pipes += 1
        path = f"/dev/fd/{self._pipes + 9}"
        state.files[path] = self.output(script, state)
        return path

    def _unknown(self, operation: str, why: str, within: Bound | None = None) -> None:
        self.found.append(Offence(Category.UNKNOWN, Trust.ELEVATED, operation, why, within))

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise _EnoughError

    def _script(self, script: Script, state: State, stdin: str | None) -> str:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _EnoughError
        try:
            told = "".join(self._node(node, state, stdin) for node in script)
        finally:
            self._depth -= 1
        return told if len(told) <= MOST_TEXT else FETCHED if FETCHED in told else HOLE

    def _node(self, node: Node, state: State, stdin: str | None) -> str:
        self._step()
        match node:
            case Simple():
                return self._simple(node, state, stdin)
            case Pipe(stages=stages):
                told = stdin
                self._piped += 1
                for stage in stages:
                    told = self._script((stage,), state.copy(), told)
                self._piped -= 1
                return told or ""
            case Group(body=body, redirects=redirects, apart=apart):
                inner_state = state.copy() if apart else state
                given = self._redirected(redirects, inner_state, {}, stdin)
                return self._written(
                    redirects, inner_state, {}, self._script(body, inner_state, given)
                )
            case Choice(branches=branches):
                states = [state.copy() for _ in branches]
                told = "".join(
                    self._script(each, own, stdin)
                    for each, own in zip(branches, states, strict=True)
                )
                state.merge(states)
                return told
            case Loop():
                return self._loop(node, state, stdin)
            case Function(name=name, body=body):
                state.functions[name] = body
            case Broken(why=why):
                self._unknown("not readable", why)
        return ""

    def _loop(self, node: Loop, state: State, stdin: str | None) -> str:
        own = state.copy()
        if node.name:
            found = [each for word in node.values for each in self._fields((word,), own)]
            own.set(node.name, tuple((each,) for each in found) or ((HOLE,),))
        told = self._script(node.body, own, stdin)
        state.merge([own])
        return told

    def _fields(self, words: Sequence[tuple], state: State) -> Iterator[str]:  # type: ignore[type-arg]
        for chosen in variants(words, state):
            for word in words:
                yield from fields(word, state, chosen, self)

    def _simple(self, node: Simple, state: State, stdin: str | None) -> str:
        own = state.copy() if node.assigns and node.words else state
        for assign in node.assigns:
            self._assign(assign, own)
        if not node.words and not node.redirects:
            return ""
        told: list[str] = []
        targets = tuple(each.target for each in node.redirects)
        for chosen in variants((*node.words, *targets), own):
            self._step()
            words = [each for word in node.words for each in fields(word, own, chosen, self)]
            given = self._redirected(node.redirects, own, chosen, stdin)
            text = self._run(words, own, given) if words else ""
            told.append(self._written(node.redirects, own, chosen, text))
        return "".join(told)

    def _assign(self, assign: Assign, state: State) -> None:
        name = plain(assign.name)
        values: list[tuple[str, ...]] = []
        for chosen in variants(assign.words, state):
            texts = [fields(word, state, chosen, self) for word in assign.words]
            each = tuple(x for y in texts for x in y) if assign.array else (
                " ".join(texts[0]) if texts else "",
            )  # fmt: skip
            values.append(each)
        found: Values = tuple(values)
        if assign.appended and name in state.variables:
            old = state.variables[name]
            found = tuple(
                (*one, *two) if assign.array else ("".join(one) + "".join(two),)
                for one in old
                for two in values
            )
        state.set(name, found)

    def _redirected(
        self, redirects: Sequence[Redirect], state: State, chosen: Choices, stdin: str | None
    ) -> str | None:
        """What a command reads, by its redirections; the rules are asked of each of them."""
        for each in redirects:
            told = fields(each.target, state, chosen, self)
            path = " ".join(told)
            if each.op == "<<":
                stdin = path
                continue
            call = Call(each.op, (path,), None, state.cwd, self._roots)
            if not each.op.endswith("&") or not path.isdigit():
                self._ask(call)
            if each.op in {"<", "<>"}:
                stdin = state.files.get(path, state.files.get(call.normal(path), HOLE))
        return stdin

    def _written(
        self, redirects: Sequence[Redirect], state: State, chosen: Choices, text: str
    ) -> str:
        """What a command still prints, when some of it goes to files."""
        for each in redirects:
            if each.op not in {">", ">>", ">|", "&>", "&>>"}:
                continue
            path = " ".join(fields(each.target, state, chosen, self))
            name = Call("", (), None, state.cwd, self._roots).normal(path)
            old = state.files.get(name, "") if each.op.endswith(">>") else ""
            state.files[name] = (old + text)[:MOST_TEXT]
            text = ""
        return text

    def _ask(self, call: Call) -> None:
        for rule in self._rules:
            self.found.extend(rule(call))

    def _run(self, words: Sequence[str], state: State, stdin: str | None) -> str:
        self._step()
        self._depth += 1
        if self._depth > DEEPEST:
            raise _EnoughError
        try:
            return self._one(words, state, stdin)
        finally:
            self._depth -= 1

    def _one(self, words: Sequence[str], state: State, stdin: str | None) -> str:
        head, args = words[0], tuple(words[1:])
        name = head.rstrip("/").rpartition("/")[2] or head
        pointed = not _POINTERS.isdisjoint(state.variables)
        tested = any(state.variables.get(each) in _TESTS for each in _STAGES)
        call = Call(name, args, stdin, state.cwd, self._roots, pointed, tested)
        if name in state.aliases and name not in self._calling:
            with_args = " ".join((state.aliases[name], *args))
            return self._named(name, self._read(with_args), state, stdin)
        if name in state.functions:
            return self._function(name, args, state, stdin)
        if not _is_known(name) and not _is_local(call, head):
            why = "which command this is cannot be told before it runs"
            sweeping = HOLE not in name or not _ROOT.isdisjoint(args)
            self._unknown("unknown command", why, None if sweeping else Bound.FILES)
            return HOLE
        told = builtins.run(call, state)
        self._ask(call)
        script = state.files.get(head) or state.files.get(call.normal(head))
        if name in {"source", "."} or (script is not None and "/" in head):
            return self._sourced(call if name in {"source", "."} else None, head, args, state)
        nested = inner(call) or code.inner(call)
        if call.name == "git":
            nested = git.inner(call)
        if nested is not None:
            texts = [self._nested(each, call, state) for each in nested]
            if texts and call.name not in _WITH_OUTPUT_OF_THEIR_OWN:
                self._program(call)
                return "".join(texts)
        self._program(call)
        return printed(call, state) if told is None else told

    def _nested(self, each: Inner, call: Call, state: State) -> str:
        own = state if call.name in {"eval", "exec", "command", "builtin"} else state.copy()
        if call.name in _SETTERS:
            for name, equals, value in (arg.partition("=") for arg in call.args):
                if equals and name.isidentifier():
                    own.set(name, ((value,),))
        if each.cwd is not None:
            own.cwd = call.normal(each.cwd)
        stdin = call.stdin if each.stdin is None else each.stdin
        if each.text is None:
            if not each.words:
                return ""
            return self._run(each.words, own, None if call.name == "xargs" else stdin)
        if FETCHED in each.text:
            self._fetched(call)
            if each.text.strip() == FETCHED:
                return HOLE
        if each.given:
            own.given = each.given[1:]
        own_stdin = None if each.text == call.stdin else stdin
        return self._script(self._read(each.text), own, own_stdin)

    def _read(self, text: str) -> Script:
        return self._parse(text.replace("\x01", "").replace(HOLE, STANDS_FOR_HOLE))

    def _sourced(self, call: Call | None, head: str, args: Sequence[str], state: State) -> str:
        """A script run, or taken into this shell, whose text is known: it was written before."""
        path = (args[0] if args else "") if call is not None else head
        place = Call("", (), None, state.cwd, self._roots).normal(path)
        text = state.files.get(path, state.files.get(place))
        if path in {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"} and call is not None:
            text = call.stdin
        if text is None:
            return HOLE
        if FETCHED in text:
            self._fetched(Call("source", (path,)))
            return HOLE
        own = state.copy()
        own.given = tuple(args[1:] if call is not None else args)
        for name in ("0", "BASH_SOURCE"):
            own.set(name, ((path,),))
        return self._named(path, self._read(text), own, None)

    def _fetched(self, call: Call) -> None:
        why = "it runs what comes over the network, unseen"
        self.found.append(Offence(Category.SYSTEM, Trust.ADMIN, f"{call.name} of a download", why))

    def _program(self, call: Call) -> None:
        """An interpreter that is given its program on the standard input."""
        if call.name.rstrip("0123456789.") not in _INTERPRETERS:
            return
        reads = not call.args or call.args[0] == "-"
        given = call.stdin or "" if reads else " ".join(call.args)
        if FETCHED in given:
            self._fetched(call)

    def _function(self, name: str, args: tuple[str, ...], state: State, stdin: str | None) -> str:
        body = state.functions[name]
        key = f"{name} {id(body)}"  # within a function another may take its name
        if key in self._calling:
            if self._piped:
                why = "it starts itself, twice each time, until nothing is left"
                self.found.append(Offence(Category.SYSTEM, Trust.ADMIN, "fork bomb", why))
            return HOLE
        kept, state.given = state.given, args
        try:
            return self._named(key, body, state, stdin)
        finally:
            state.given = kept

    def _named(self, name: str, script: Script, state: State, stdin: str | None) -> str:
        """Run what has a name; within it the name is not run again."""
        if len(self._calling) > DEEPEST:
            raise _EnoughError
        if name in self._calling:
            return HOLE
        self._calling.append(name)
        try:
            return self._script(script, state, stdin)
        finally:
            self._calling.pop()


def _is_known(name: str) -> bool:
    """Whether it is certain which program is meant."""
    if HOLE in name:
        return False
    return name == "[" or not set("*?[") & set(name)


def _is_local(call: Call, head: str) -> bool:
    """Whether it is some script of the worktree, `tests/*.sh`: those are not looked through."""
    return HOLE not in head and "/" in head and call.place(head) in {Place.INSIDE, Place.PRODUCT}


__all__ = ["SHELLS", "Rule", "Walk"]
