"""`started.py landlocked RULES PROGRAM…`: keeps the rules, becomes the program.

The rules are texts, ended by NULs: `read PATH`, `write PATH`, `connect PORT`, `limited` (TCP is
limited to the ports named). A path that is gone opens nothing. This module imports nothing of
Plait and little of Python: it stands between an attempt and its agent's first instruction.
"""

from __future__ import annotations

import _ctypes  # ctypes itself costs as much as Python's own start
import os
import sys

CREATE, ADD, RESTRICT = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK, REFER, TRUNCATE, IOCTL_DEV = 1 << 6, 1 << 11, 1 << 13, 1 << 14, 1 << 15
FIRST = (1 << 13) - 1  # the rights of the first version
READ = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
CONNECT_TCP = 1 << 1
SCOPES = 0b11  # abstract sockets, signals
PATH_BENEATH, NET_PORT = 1, 2
NO_NEW_PRIVILEGES, DROP_FROM_BOUND = 38, 24
LAST_CAPABILITY = 63
DIRECTORY = 0o040000


def _symbol(name: str) -> int:
    return _ctypes.dlsym(_ctypes.dlopen(None, 0), name)  # type: ignore[arg-type]


def _call(number: int, *arguments: int | bytes) -> int:
    """A system call; -1 where it fails."""
    return int(_ctypes.call_function(_symbol("syscall"), (number, *arguments)))


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, sys.byteorder)


def restrict(rules: list[bytes]) -> None:
    """Keep the rules from now on, with all that is started."""
    abi = _call(CREATE, 0, 0, 1)
    handled = FIRST
    for version, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        handled |= right if abi >= version else 0
    limited = b"limited" in rules and abi >= 4
    attributes = _number(handled, 8)
    if abi >= 4:
        attributes += _number(CONNECT_TCP if limited else 0, 8)
    if abi >= 6:
        attributes += _number(SCOPES, 8)
    ruleset = _call(CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        sys.exit("landlock: the kernel makes no ruleset")
    write = handled & ~(MAKE_CHAR | MAKE_BLOCK)
    for rule in rules:
        word, _, value = rule.partition(b" ")
        if word == b"connect" and limited:
            given = _number(CONNECT_TCP, 8) + _number(int(value), 8)
            _call(ADD, ruleset, NET_PORT, given, 0)
        elif word in (b"read", b"write"):
            _open(ruleset, value, READ if word == b"read" else write)
    prctl = _symbol("prctl")
    for capability in range(LAST_CAPABILITY + 1):
        _ctypes.call_function(prctl, (DROP_FROM_BOUND, capability, 0, 0, 0))
    if _ctypes.call_function(prctl, (NO_NEW_PRIVILEGES, 1, 0, 0, 0)) != 0:
        sys.exit("landlock: privileges cannot be given up")
    if _call(RESTRICT, ruleset, 0) != 0:
        sys.exit("landlock: the kernel does not keep the rules")
    os.close(ruleset)


def _open(ruleset: int, path: bytes, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if os.fstat(place).st_mode & 0o170000 != DIRECTORY:
        rights &= ON_FILES
    _call(ADD, ruleset, PATH_BENEATH, _number(rights, 8) + _number(place, 4), 0)
    os.close(place)


def hold(path: str, port: int = 0) -> None:
    """Keep the rules of a file; one port may be connected to beside those that it names."""
    with open(path, "rb") as file:
        rules = file.read().split(b"\0")
    restrict([*rules, b"connect %d" % port] if port else rules)


def main() -> None:
    """Do it."""
    hold(sys.argv[1])
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]}: {error.strerror}\n")
        os._exit(127)
