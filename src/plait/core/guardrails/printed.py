"""What well-known commands print, as far as a text tells: `echo rm | sh` runs `rm`."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping

from plait.core.guardrails.call import Call, behind, options
from plait.core.guardrails.state import FETCHED, HOLE, MOST_TEXT, SHOWN, State

_FORMAT = re.compile(r"%(?:%|[-+ 0#]*(?:[1-9]\d*)?(?:\.\d+)?([a-zA-Z]))")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|0?([0-7]{1,3})|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "e": "\x1b", "\\": "\\", "c": ""}
# They print nothing that is worth knowing, or nothing.
_SILENT = frozenset(
    {"cd", "mkdir", "rm", "rmdir", "touch", "cp", "mv", "ln", "chmod", "chown", "true", "false",
     ":", "export", "set", "unset", "test", "[", "sleep", "kill", "wait", "local", "readonly",
     "declare", "shift", "return", "exit", "break", "continue", "alias", "trap", "umask"}
)  # fmt: skip
# `eval "$(pyenv init -)"`: what tools that are installed print for a shell to set itself up.
_SET_UP = frozenset(
    {"pyenv", "rbenv", "nodenv", "goenv", "direnv", "brew", "conda", "mamba", "fnm", "opam", "mise",
     "asdf", "starship", "zoxide", "dircolors", "ssh-agent", "luarocks", "keychain"}
)  # fmt: skip
_SET_UP_WORDS = frozenset(
    {"init", "hook", "shellenv", "env", "activate", "shell.bash", "shell.posix", "-b", "-s", "path",
     "export", "virtualenv-init", "--eval"}
)  # fmt: skip
FETCHERS = frozenset({"curl", "wget", "http", "https", "xh", "aria2c", "fetch", "lwp-request"})


def printed(call: Call, state: State) -> str:
    """What a command prints; a hole for what is not known, told apart if it was fetched."""
    if call.name in _SILENT:
        return ""
    if call.name in FETCHERS:
        return _saved(call, state)
    if call.name in _SET_UP and call.args[:1] and call.args[0] in _SET_UP_WORDS:
        return ""
    if call.name in {"env", "printenv"} and not behind(call.args):
        return HOLE + SHOWN
    if call.stdin is not None and SHOWN in call.stdin:
        return call.stdin
    known = _KNOWN.get(call.name)
    told = known(call, state) if known is not None else None
    if told is not None:
        return told if len(told) <= MOST_TEXT else HOLE
    fetched = call.stdin is not None and FETCHED in call.stdin
    fetched = fetched or any(FETCHED in state.files.get(each, "") for each in call.args)
    return FETCHED if fetched else HOLE


def _saved(call: Call, state: State) -> str:
    """What is fetched, and where to."""
    told = options(call.args, ("o", "O", "output", "output-document", "P", "d", "H", "X"))
    name = told.value("o", "output") if call.name != "wget" else told.value("O", "output-document")
    if call.name == "curl" and "O" in told.letters:
        name = _basename(told)
    if call.name == "wget" and not name:
        name = _basename(options(call.args, ("P", "o")))
    if not name or name == "-":
        return FETCHED
    state.files[call.normal(name)] = FETCHED
    return ""


def _basename(told: object) -> str:
    rest = getattr(told, "rest", ())
    url = next((each for each in rest if "/" in each), "")
    return url.partition("?")[0].rstrip("/").rpartition("/")[2]


def _echo(call: Call, _state: State) -> str:
    args, escapes, end = list(call.args), False, "\n"
    while args and re.fullmatch(r"-[neE]+", args[0]):
        option = args.pop(0)
        escapes = escapes or "e" in option
        end = "" if "n" in option else end
    text = " ".join(args)
    return (_escaped(text) if escapes else text) + end


def _escaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        hexadecimal, octal, letter = found.groups()
        if letter is not None:
            return _NAMED.get(letter, found[0])
        return chr(int(hexadecimal, 16) if hexadecimal else int(octal, 8)) or HOLE

    return _ESCAPE.sub(one, text)


def _printf(call: Call, state: State) -> str:
    args = list(behind(call.args))
    if call.args[:1] == ("-v",) and len(call.args) > 2:  # noqa: PLR2004 - its variable, its format
        name, args = call.args[1], list(call.args[2:])
        state.set(name, ((_formatted(args),),))
        return ""
    return _formatted(args)


def _formatted(args: list[str]) -> str:
    if not args:
        return ""
    form, values = _escaped(args[0]), args[1:]
    wanted = sum(1 for found in _FORMAT.finditer(form) if found[1])
    waiting = iter(values)

    def one(found: re.Match[str]) -> str:
        if not found[1]:
            return "%"
        value = next(waiting, "")
        return _escaped(value) if found[1] == "b" else value if found[1] in "sqdiux" else HOLE

    rounds = max(1, -(-len(values) // wanted)) if wanted else 1
    return "".join([_FORMAT.sub(one, form) for _ in range(min(rounds, 64))])


def _cat(call: Call, state: State) -> str | None:
    paths = behind(call.args)
    if not paths or paths == ("-",):
        return call.stdin
    texts = [state.files.get(call.normal(each)) for each in paths]
    return "".join(each or "" for each in texts) if None not in texts else None


def _base64(call: Call, state: State) -> str | None:
    decodes = options(call.args, ("w", "i")).has("dD", "decode")
    text = _cat(call._replace(args=tuple(a for a in call.args if a[:1] != "-")), state)
    if text is None or HOLE in text:
        return text
    if not decodes:
        return binascii.b2a_base64(text.encode()).decode()
    try:
        return binascii.a2b_base64(text.encode()).decode("utf-8", "replace")
    except binascii.Error:
        return None


def _xxd(call: Call, state: State) -> str | None:
    if not {"r"} <= options(call.args, ("c", "l", "s")).letters:
        return None
    text = _cat(call._replace(args=()), state)
    try:
        return bytes.fromhex("".join((text or "x").split())).decode("utf-8", "replace")
    except ValueError:
        return None


def _rev(call: Call, _state: State) -> str | None:
    if call.stdin is None or HOLE in call.stdin:
        return call.stdin
    return "\n".join(line[::-1] for line in call.stdin.split("\n"))


def _tr(call: Call, _state: State) -> str | None:
    text, args = call.stdin, behind(call.args)
    if text is None or HOLE in text:
        return text
    if options(call.args).has("d", "delete"):
        return "".join(each for each in text if each not in _set(args[0])) if args else None
    if len(args) != 2 or call.args != args:  # noqa: PLR2004 - from, to
        return None
    source, target = _set(args[0]), _set(args[1])
    if not source or not target:
        return None
    target += target[-1] * (len(source) - len(target))
    return text.translate(dict(zip(map(ord, source), target, strict=False)))


def _set(told: str) -> str:
    """The characters of a set of `tr`: ranges and the commonest classes."""
    told = _escaped(told).replace("[:lower:]", "a-z").replace("[:upper:]", "A-Z")

    def span(found: re.Match[str]) -> str:
        first, last = ord(found[1]), ord(found[2])
        return "".join(map(chr, range(first, last + 1))) if last - first < 256 else ""  # noqa: PLR2004

    return re.sub(r"(.)-(.)", span, told)


def _sed(call: Call, _state: State) -> str | None:
    """`s/literal/literal/g` alone; of what else it prints nothing is known."""
    args = behind(call.args, ("-e",)) or ("",)
    found = re.fullmatch(r"s(.)([\w ./-]*)\1([\w ./-]*)\1g?", args[0])
    if call.stdin is None or HOLE in call.stdin or found is None or len(args) > 1:
        return None
    return call.stdin.replace(found[2], found[3]) if found[2] else None


def _which(call: Call, _state: State) -> str:
    return "\n".join(behind(call.args))


def _command(call: Call, _state: State) -> str | None:
    return " ".join(call.args[1:]) if call.args[:1] in {("-v",), ("-V",)} else None


def _mktemp(_call: Call, _state: State) -> str:
    return "/tmp/made-by-mktemp"  # noqa: S108 - that is where it makes them


def _pwd(call: Call, _state: State) -> str:
    return call.cwd or "."


def _through(call: Call, _state: State) -> str | None:
    return call.stdin


def _tee(call: Call, state: State) -> str | None:
    for each in behind(call.args):
        state.files[call.normal(each)] = call.stdin or HOLE
    return call.stdin


def _named(call: Call, _state: State) -> str | None:
    path = next(iter(behind(call.args)), HOLE)
    tail = path.rstrip("/").rpartition("/")
    if not tail[1] and HOLE in path:
        return None
    return (tail[0] or "/" if path.startswith("/") else tail[0] or ".") if (
        call.name == "dirname") else tail[2]  # fmt: skip


def _git(call: Call, _state: State) -> str | None:
    if call.args[:1] != ("rev-parse",):
        return None
    folders = {"--git-dir", "--git-common-dir", "--absolute-git-dir"}
    return "." if "--show-toplevel" in call.args else ".git" if folders & set(call.args) else None


_KNOWN: Mapping[str, Callable[[Call, State], str | None]] = {
    "echo": _echo, "printf": _printf, "cat": _cat, "tac": _cat, "base64": _base64, "xxd": _xxd,
    "rev": _rev, "tr": _tr, "which": _which, "command": _command, "type": _which,
    "mktemp": _mktemp, "pwd": _pwd, "tee": _tee, "realpath": _which, "readlink": _which,
    "head": _through, "tail": _through, "sort": _through, "uniq": _through, "dirname": _named,
    "basename": _named, "git": _git, "sed": _sed,
}  # fmt: skip
