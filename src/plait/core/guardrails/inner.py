"""Commands in commands: what `sudo`, `env`, `xargs`, `find -exec`, `sh -c` and others run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from plait.core.guardrails.call import Call, behind, options
from plait.core.guardrails.state import HOLE

SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "mksh", "rbash"})
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_PLACEHOLDERS = ("-I", "-i", "--replace")


class Inner(NamedTuple):
    """What a command runs in its turn: words, or a shell's text; where, and what it reads.

    `given`: the arguments of a text, its name (`$0`) first.
    """

    words: tuple[str, ...] = ()
    text: str | None = None
    cwd: str | None = None
    stdin: str | None = None
    given: tuple[str, ...] = ()


# Programs that run what stands behind their own options: which of these take a value, and how
# many arguments are their own.
_PREFIXES: Mapping[str, tuple[tuple[str, ...], int]] = {
    "sudo": (("-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-D", "-R", "--user", "--group",
              "--host", "--prompt", "--chdir"), 0),
    "doas": (("-u", "-C"), 0),
    "nohup": ((), 0),
    "setsid": ((), 0),
    "nice": (("-n", "--adjustment"), 0),
    "ionice": (("-c", "-n", "-p", "--class", "--classdata"), 0),
    "chrt": ((), 1),
    "taskset": ((), 1),
    "time": (("-f", "-o", "--format", "--output"), 0),
    "gtime": (("-f", "-o"), 0),
    "timeout": (("-s", "-k", "--signal", "--kill-after"), 1),
    "gtimeout": (("-s", "-k"), 1),
    "stdbuf": (("-i", "-o", "-e"), 0),
    "unbuffer": ((), 0),
    "exec": (("-a",), 0),
    "builtin": ((), 0),
    "coproc": ((), 0),
    "noglob": ((), 0),
    "chroot": ((), 1),
    "unshare": (("-S", "-G", "--setuid", "--setgid", "--root", "--wd"), 0),
    "nsenter": (("-t", "-S", "-G", "--target"), 0),
    "strace": (("-e", "-o", "-p", "-s", "-u"), 0),
    "ltrace": (("-e", "-o", "-p"), 0),
    "valgrind": ((), 0),
    "caffeinate": (("-t", "-w"), 0),
    "xvfb-run": (("-n", "-s", "-e", "-f", "-p", "--server-args"), 0),
    "dbus-run-session": ((), 0),
    "ssh-agent": ((), 0),
    "systemd-run": (("-p", "-u", "--unit", "--property"), 0),
    "prlimit": ((), 0),
    "busybox": ((), 0),
    "toybox": ((), 0),
    "sem": (("-j",), 0),
    "direnv": ((), 2),
    "uvx": (("--from", "--with", "-p"), 0),
    "pipx": (("--spec",), 1),
    "npx": (("-p", "--package"), 0),
    "bunx": ((), 0),
    "env": (("-u", "-C", "--unset", "--chdir"), 0),
    "dotenv": (("-e", "-f"), 0),
    "with-contenv": ((), 0),
    "winpty": ((), 0),
    "arch": ((), 0),
    "firejail": ((), 0),
    "cross-env": ((), 0),
    "fakeroot": ((), 0),
    "torsocks": ((), 0),
    "proxychains": ((), 0),
    "retry": ((), 0),
}  # fmt: skip
# Runners whose first argument says that a command follows.
_RUNNERS: Mapping[str, frozenset[str]] = {
    "uv": frozenset({"run"}), "poetry": frozenset({"run"}), "pdm": frozenset({"run"}),
    "hatch": frozenset({"run"}), "pipenv": frozenset({"run"}), "rye": frozenset({"run"}),
    "bundle": frozenset({"exec"}), "conda": frozenset({"run"}), "mamba": frozenset({"run"}),
    "npm": frozenset({"exec", "x"}), "pnpm": frozenset({"exec", "dlx"}),
    "yarn": frozenset({"exec", "dlx"}), "bun": frozenset({"x"}), "mise": frozenset({"exec", "x"}),
    "asdf": frozenset({"exec"}), "devbox": frozenset({"run"}), "rbenv": frozenset({"exec"}),
    "pyenv": frozenset({"exec"}), "op": frozenset({"run"}), "doppler": frozenset({"run"}),
    "aws-vault": frozenset({"exec"}), "infisical": frozenset({"run"}),
}  # fmt: skip
_RUNNERS_VALUED = (
    "--with", "--python", "-p", "--extra", "--group", "--env-file", "--project", "--directory",
    "-n", "--name", "--package", "-c", "-e",
)  # fmt: skip


def inner(call: Call) -> Iterator[Inner] | None:
    """What a command runs in its turn; None if it is no such command."""
    if call.name in SHELLS:
        return _shell(call)
    special = _SPECIAL.get(call.name)
    if special is not None:
        return special(call)
    if call.name in _PREFIXES:
        return _prefixed(call)
    words = behind(call.args, _RUNNERS_VALUED)
    if call.name in _RUNNERS and words[:1] and words[0] in _RUNNERS[call.name]:
        return iter((Inner(words=behind(words[1:], _RUNNERS_VALUED)),))
    return None


def _prefixed(call: Call) -> Iterator[Inner]:
    valued, skip = _PREFIXES[call.name]
    words = behind(call.args, valued)
    while words and _ASSIGNED.match(words[0]):
        words = words[1:]
    yield Inner(words=words[skip:])


def _shell(call: Call) -> Iterator[Inner]:
    """`sh -c TEXT NAME ARGS`, `sh FILE`, `sh -s`, or a text on its standard input."""
    args = call.args
    told = reads = False
    while args and args[0][:1] in {"-", "+"} and len(args[0]) > 1:
        option, args = args[0], args[1:]
        if option == "--":
            break
        if option.startswith("--"):
            args = args[1:] if option in {"--rcfile", "--init-file"} else args
            continue
        told, reads = told or "c" in option, reads or "s" in option
        if option[-1] in "oO":
            args = args[1:]
    if told:
        yield Inner(text=args[0] if args else "", given=args[1:])
    elif args and args[0] != "-" and not reads:
        yield Inner(words=("source", *args))
    elif call.stdin is not None:
        yield Inner(text=call.stdin, given=("sh", *args))


def _env(call: Call) -> Iterator[Inner]:
    args = list(call.args)
    for at, each in enumerate(args):
        split = next((each[len(p) :] for p in ("--split-string=", "-S", "-vS") if
                      each.startswith(p)), None)  # fmt: skip
        if split is not None or each == "--split-string":
            rest = args[at + 1 :]
            text = split or (rest.pop(0) if rest else "")
            yield Inner(text=" ".join((text, *map(quoted, rest))))
            return
        if not each.startswith("-"):
            break
    for found in _prefixed(call):
        cwd = options(call.args, ("C", "chdir", "u", "unset")).value("C", "chdir")
        if found.words or cwd:
            yield Inner(words=found.words, cwd=cwd or None)


def _xargs(call: Call) -> Iterator[Inner]:
    valued = ("-I", "-n", "-P", "-L", "-s", "-E", "-a", "-d", "--max-args", "--max-procs",
              "--max-lines", "--delimiter", "--arg-file", "--replace", "-J", "-R",
              "-j", "--jobs")  # fmt: skip
    words = behind(call.args, valued)
    lines = call.stdin if call.stdin is not None else HOLE
    given = tuple(lines.split()[:64]) or ((HOLE,) if not lines else ())
    mark = _placeholder(call.args) if call.name == "xargs" else "{}"
    if mark and any(mark in each for each in words):
        for value in given[:16]:
            yield Inner(words=tuple(each.replace(mark, value) for each in words))
    elif ":::" in words:
        cut = words.index(":::")
        for value in words[cut + 1 : cut + 17]:
            yield Inner(words=(*words[:cut], value))
    elif words or call.name == "xargs":
        yield Inner(words=(*(words or ("echo",)), *given))
    elif call.stdin is not None:  # parallel runs the lines it reads
        yield Inner(text=call.stdin)


def _placeholder(args: tuple[str, ...]) -> str:
    for at, each in enumerate(args):
        if each in {"-i", "--replace"}:
            return "{}"
        if each == "-I":
            return args[at + 1] if at + 1 < len(args) else ""
        if each.startswith("-I"):
            return each[2:]
        if each.startswith("--replace="):
            return each.partition("=")[2]
        if not each.startswith("-"):
            return ""
    return ""


def _find(call: Call) -> Iterator[Inner]:
    """`find PATHS … -exec COMMAND ;`, with what it may find in place of `{}`."""
    args = call.args
    starts = [each for each in behind(args, ("-D",)) if each]
    first = next((at for at, each in enumerate(starts) if each[:1] in "-(!"), len(starts))
    roots = starts[:first] or ["."]
    names = [args[at + 1] for at, each in enumerate(args[:-1])
             if each in {"-name", "-iname", "-path", "-wholename"}]  # fmt: skip
    at = 0
    while at < len(args):
        if args[at] not in {"-exec", "-execdir", "-ok", "-okdir"}:
            at += 1
            continue
        rest = args[at + 1 :]
        end = next((n for n, each in enumerate(rest) if each in {";", "+"}), len(rest))
        for root in roots[:8]:
            # What is found may be the root itself, unless it is called by a name.
            for found in [f"{root}/…/{name}" for name in names[:4]] or [f"{root}/{HOLE}"]:
                yield Inner(words=tuple(each.replace("{}", found) for each in rest[:end]))
        at += end + 1


def _fd(call: Call) -> Iterator[Inner]:
    for mark in ("-x", "--exec", "-X", "--exec-batch"):
        if mark in call.args:
            words = call.args[call.args.index(mark) + 1 :]
            had = [each.replace("{}", f"./{HOLE}") for each in words]
            yield Inner(words=tuple(had if had != list(words) else (*words, f"./{HOLE}")))


def _after_words(count: int, valued: tuple[str, ...]) -> Callable[[Call], Iterator[Inner]]:
    """For a program of which `count` arguments are its own, and the rest a shell's text."""

    def told(call: Call) -> Iterator[Inner]:
        words = behind(call.args, valued, count)
        if words:
            yield Inner(text=" ".join(words))
        elif call.stdin is not None and call.name == "ssh":
            yield Inner(text=call.stdin)

    return told


def _by_option(*names: str) -> Callable[[Call], Iterator[Inner]]:
    """For a program that takes a shell's text by an option."""

    def told(call: Call) -> Iterator[Inner]:
        for at, each in enumerate(call.args):
            clustered = each[:1] == "-" and each[1:2] != "-" and f"-{each[-1]}" in names
            if (each in names or clustered) and at + 1 < len(call.args):
                yield Inner(text=call.args[at + 1])
            elif name := next((n for n in names if each.startswith(f"{n}=")), ""):
                yield Inner(text=each[len(name) + 1 :])

    return told


def _flock(call: Call) -> Iterator[Inner]:
    words = behind(call.args, ("-w", "--timeout", "-E"), 1)
    if words[:1] in {("-c",), ("--command",)}:
        yield Inner(text=" ".join(words[1:2]))
    elif words:
        yield Inner(words=words)


def _docker(call: Call) -> Iterator[Inner]:
    """`docker run|exec`: the command that runs in the container."""
    words = behind(call.args, ("-H", "--host", "--context", "-f", "-p", "--file"))
    if words[:1] == ("compose",):
        words = behind(words[1:], ("-f", "-p", "--file", "--project-name", "--profile"))
    if words[:1] == ("container",):
        words = words[1:]
    if words[:1] and words[0] in {"exec", "run"}:
        valued = ("-v", "-e", "-w", "-u", "-p", "--name", "--network", "--volume", "--env",
                  "--workdir", "--user", "--entrypoint", "--env-file", "-m", "--mount", "--label",
                  "-l", "--publish", "--platform", "--memory", "--cpus")  # fmt: skip
        command = behind(words[1:], valued, 1)
        if command:
            yield Inner(words=command, cwd="/tmp/container")  # noqa: S108 - what lies there is not ours


def _kubectl(call: Call) -> Iterator[Inner]:
    if "exec" in call.args[:4] and "--" in call.args:
        yield Inner(words=call.args[call.args.index("--") + 1 :], cwd="/tmp/container")  # noqa: S108


def _command(call: Call) -> Iterator[Inner]:
    if not call.args or call.args[0] not in {"-v", "-V"}:
        yield Inner(words=behind(call.args))


def _trap(call: Call) -> Iterator[Inner]:
    words = behind(call.args)
    if len(words) > 1 and words[0] not in {"", "-"}:
        yield Inner(text=words[0])


def _eval(call: Call) -> Iterator[Inner]:
    yield Inner(text=" ".join(behind(call.args) if call.args[:1] == ("--",) else call.args))


def _watch(call: Call) -> Iterator[Inner]:
    words = behind(call.args, ("-n", "--interval", "-q"))
    if words:
        yield Inner(text=" ".join(words))


def _later(call: Call) -> Iterator[Inner]:
    if call.stdin is not None:
        yield Inner(text=call.stdin)


def _awk(call: Call) -> Iterator[Inner]:
    program = next(iter(behind(call.args, ("-F", "-v", "-f"))), "")
    for found in re.finditer(r'system\s*\(\s*"((?:[^"\\]|\\.)*)"', program):
        yield Inner(text=found[1].replace('\\"', '"'))
    for found in re.finditer(
        r'"((?:[^"\\]|\\.)*)"\s*\|\s*getline|\|\s*"((?:[^"\\]|\\.)*)"', program
    ):
        yield Inner(text=(found[1] or found[2] or "").replace('\\"', '"'))


def _tar(call: Call) -> Iterator[Inner]:
    for each in call.args:
        if each.startswith("--checkpoint-action=exec="):
            yield Inner(text=each.partition("exec=")[2])
    yield from _by_option("--to-command", "--use-compress-program", "-I")(call)


def _editor(call: Call) -> Iterator[Inner]:
    for each in call.args:
        if each.lstrip("+:").startswith("!"):
            yield Inner(text=each.lstrip("+:!"))


def _nix(call: Call) -> Iterator[Inner]:
    yield from _by_option("--run", "--command", "-c")(call)


def quoted(text: str) -> str:
    """A text as one word of a shell; what is not known stays so."""
    return "'" + text.replace("'", "'\\''") + "'"


_SPECIAL: Mapping[str, Callable[[Call], Iterator[Inner]]] = {
    "env": _env,
    "xargs": _xargs,
    "parallel": _xargs,
    "find": _find,
    "gfind": _find,
    "fd": _fd,
    "fdfind": _fd,
    "ssh": _after_words(1, ("-p", "-i", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-b", "-c")),
    "su": _by_option("-c", "--command"),
    "runuser": _by_option("-c", "--command"),
    "sg": _by_option("-c"),
    "script": _by_option("-c", "--command"),
    "flock": _flock,
    "docker": _docker,
    "podman": _docker,
    "nerdctl": _docker,
    "docker-compose": _docker,
    "kubectl": _kubectl,
    "oc": _kubectl,
    "command": _command,
    "trap": _trap,
    "eval": _eval,
    "watch": _watch,
    "at": _later,
    "batch": _later,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "tar": _tar,
    "nix-shell": _nix,
    "nix": _nix,
    "vi": _editor,
    "vim": _editor,
    "nvim": _editor,
    "ex": _editor,
    "entr": lambda call: iter((Inner(words=behind(call.args)),)),
    "nodemon": _by_option("--exec", "-x"),
    "concurrently": lambda call: (Inner(text=each) for each in behind(call.args)),
    "hyperfine": lambda call: (Inner(text=each) for each in behind(call.args)),
    "tmux": lambda call: (Inner(text=each) for each in call.args if " " in each),
    "screen": lambda call: iter((Inner(words=behind(call.args, ("-S",))),)),
}
