"""What would be deleted or overwritten of the file system."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from plait.core.guardrails.call import Call, behind, options
from plait.core.guardrails.places import Place
from plait.core.guardrails.verdict import Bound, Category, Offence, Trust

_DEVICE = re.compile(r"^/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|mapper/|md|loop)")
_FORMATS = re.compile(r"^(?:mkfs(?:\..*)?|mke2fs|mkswap|wipefs|fdisk|sfdisk|cfdisk|parted|gdisk"
                      r"|sgdisk|blkdiscard|hdparm|badblocks|cryptsetup|lvremove|vgremove|pvremove"
                      r"|zpool|diskutil|newfs.*)$")  # fmt: skip
_LOCAL = re.compile(r"/dev/(?:tcp|udp)/(?:localhost|127\.[\d.]+|::1)/")  # is a port open?
_GRAVE = frozenset({Place.SYSTEM, Place.HOME, Place.OUTSIDE, Place.INTERNAL})
_REPOSITORY = frozenset({"", "*", "objects", "refs", "packed-refs", "HEAD", "config", "worktrees"})
_FREE = frozenset({Place.TEMPORARY, Place.PRODUCT})
# Tests by which `find` deletes some of what it comes by.
_SOME = frozenset({"-name", "-iname", "-path", "-wholename", "-ipath", "-regex", "-iregex",
                   "-empty", "-mtime", "-mmin", "-atime", "-ctime", "-newer", "-size"})  # fmt: skip


def _offence(level: Trust, operation: str, why: str, within: Bound | None = None) -> Offence:
    return Offence(Category.FILE, level, operation, why, within)


def _within(call: Call, path: str) -> Bound | None:
    """What has to be an agent's own, so that nobody else misses what lies there."""
    match call.place(path):
        case Place.INSIDE | Place.PRODUCT | Place.TEMPORARY:
            return Bound.WORKTREE
        case Place.UNKNOWN:
            return Bound.FILES
        case Place.IN_HOME if call.normal(path).startswith("~/"):
            return Bound.HOME
        case Place.INTERNAL:
            parts = call.normal(path).split("/")
            if parts[0] == ".git":  # a setting, a hook, a lock; not the repository as a whole
                return Bound.REPOSITORY if len(parts) > 1 and parts[1] not in _REPOSITORY else None
            return Bound.WORKTREE if ".git" in parts else None  # one that was cloned into it
        case _:
            return None


def offences(call: Call) -> Iterator[Offence]:
    """What a command, or a redirection, would delete or overwrite."""
    if call.name[-1:] in {">", "|", "&"} or call.name in {"&>", "&>>", ">>"}:
        yield from _redirected(call)
        return
    if _FORMATS.match(call.name) and not options(call.args).has("l", "list", "help", "version"):
        yield _offence(Trust.ADMIN, call.name, "it overwrites whole disks")
    known = _COMMANDS.get(call.name)
    if known is not None:
        yield from known(call)


def _redirected(call: Call) -> Iterator[Offence]:
    path = call.args[0] if call.args else ""
    if path.startswith(("/dev/tcp/", "/dev/udp/")) and not _LOCAL.match(path):
        why = "it opens a connection for whatever runs here"
        yield Offence(Category.SYSTEM, Trust.ADMIN, "/dev/tcp", why)
    elif not path.startswith("/dev/tcp/") and call.name not in {"<", "<&"} and ">" in call.name:
        yield from _overwritten(call, path, ">")


def _overwritten(call: Call, path: str, operation: str) -> Iterator[Offence]:
    """A file that is written, where that is nobody's business here."""
    if _DEVICE.match(path):
        yield _offence(Trust.ADMIN, f"{operation} {path}", "it overwrites a disk")
        return
    place = call.place(path)
    if place is Place.SYSTEM and not path.startswith(("/dev/fd", "/proc/self")):
        yield _offence(Trust.ADMIN, f"{operation} FILE", f"{path} is one of {place.value}")
    elif place in {Place.IN_HOME, Place.OUTSIDE, Place.INTERNAL}:
        level = Trust.ADMIN if place is Place.INTERNAL else Trust.ELEVATED
        why = f"{path} is {'one of ' if place is Place.INTERNAL else ''}{place.value}"
        yield _offence(level, f"{operation} FILE", why, _within(call, path))


def _rm(call: Call) -> Iterator[Offence]:
    told = options(call.args)
    recursive = told.has("rR", "recursive") or call.name in {"rimraf", "trash", "del-cli"}
    for path in told.rest:
        place = call.place(path)
        shown = path.replace("\0", "…")
        if place in _GRAVE:
            what = f"{shown} is {_told(place)}"
            operation = "rm -r" if recursive else "rm"
            yield _offence(Trust.ADMIN, operation, what, _within(call, path))
        elif recursive and place not in _FREE:
            why = (
                f"{shown} is deleted with all that is in it ({_told(place)}); `git rm -r` keeps it"
            )
            yield _offence(Trust.ELEVATED, "rm -r", why, _within(call, path))
        elif place in {Place.WHOLE, Place.IN_HOME}:
            what = f"{shown} is {_told(place)}"
            yield _offence(Trust.ELEVATED, "rm", what, _within(call, path))
    if told.has("", "no-preserve-root"):
        yield _offence(Trust.ADMIN, "rm --no-preserve-root", "it deletes the whole system")


def _told(place: Place) -> str:
    several = place in {Place.SYSTEM, Place.INTERNAL}
    return f"among {place.value}" if several else place.value


def _find(call: Call) -> Iterator[Offence]:
    if "-delete" not in call.args:
        for option in ("-fprint", "-fprintf", "-fls"):
            if option in call.args[:-1]:
                target = call.args[call.args.index(option) + 1]
                yield from _overwritten(call, target, option)
        return
    starts = behind(call.args, ("-D",))
    first = next((at for at, each in enumerate(starts) if each[:1] in "-(!"), len(starts))
    names = [call.args[at + 1] for at, each in enumerate(call.args[:-1])
             if each in {"-name", "-iname", "-path", "-wholename"}]  # fmt: skip
    for root in starts[:first] or (".",):
        place = call.place(root)
        if place in _GRAVE:
            yield _offence(Trust.ADMIN, "find -delete", f"{root} is {_told(place)}")
        elif place in _FREE:
            continue
        elif not names or any(call.place(f"x/{each}") is not Place.PRODUCT for each in names):
            why = f"it deletes what it finds in {root}"
            some = place is Place.WHOLE and not _SOME.isdisjoint(call.args)
            within = Bound.WORKTREE if some else _within(call, root)
            yield _offence(Trust.ELEVATED, "find -delete", why, within)


def _dd(call: Call) -> Iterator[Offence]:
    for each in call.args:
        if each.startswith("of="):
            yield from _overwritten(call, each[3:], "dd")


def _shred(call: Call) -> Iterator[Offence]:
    for path in behind(call.args, ("-n", "-s")):
        level = Trust.ADMIN if _DEVICE.match(path) or call.place(path) in _GRAVE else Trust.ELEVATED
        yield _offence(level, call.name, f"{path} cannot be restored", _within(call, path))


def _truncate(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("s", "r", "size", "reference"))
    if told.has("sr", "size", "reference"):
        for path in told.rest:
            yield from _overwritten(call, path, "truncate")


def _move(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("t", "S", "target-directory", "suffix"))
    target = told.value("t", "target-directory")
    sources, last = (told.rest, target) if target else (told.rest[:-1], "".join(told.rest[-1:]))
    if call.name == "mv":
        for path in sources:
            if call.place(path) in _GRAVE | {Place.WHOLE}:
                yield _offence(Trust.ADMIN, "mv", f"{path} is {_told(call.place(path))}")
        if last == "/dev/null":
            yield _offence(Trust.ELEVATED, "mv", "what is moved to /dev/null is lost")
            return
    if last:
        yield from _overwritten(call, last, call.name)


def _written(call: Call) -> Iterator[Offence]:
    for path in behind(call.args):
        yield from _overwritten(call, path, call.name)


def _rights(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("reference", "from"))
    recursive = told.has("R", "recursive")
    for path in told.rest[1:]:
        place = call.place(path)
        if place in {Place.SYSTEM, Place.HOME, Place.INTERNAL} or (
            recursive and place in {Place.OUTSIDE, Place.IN_HOME}
        ):
            level = Trust.ADMIN if recursive else Trust.ELEVATED
            within = _within(call, path)
            yield _offence(level, call.name, f"{path} is {_told(place)}", within)
        elif recursive and told.rest[0] in {"777", "a+rwx", "0777", "000", "0000"}:
            within = Bound.WORKTREE if place is Place.WHOLE else _within(call, path)
            yield _offence(Trust.ELEVATED, f"{call.name} -R", f"{path} for everyone", within)


def _sed(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("e", "f", "expression", "file"))
    if told.has("i", "in-place"):
        scripted = told.has("ef", "expression", "file")
        for path in told.rest if scripted else told.rest[1:]:
            yield from _overwritten(call, path, "sed -i")


def _rsync(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("e", "rsh", "exclude", "include", "filter", "f"))
    deletes = any(name.startswith(("del", "remove-source")) for name, _ in told.long)
    if not told.rest or told.has("n", "dry-run"):
        return
    target = told.rest[-1]
    if deletes and (":" in target or call.place(target) not in {*_FREE, Place.INSIDE}):
        within = None if ":" in target else _within(call, target)
        why = f"it deletes what is in {target}"
        yield _offence(Trust.ADMIN, "rsync --delete", why, within)
    elif ":" not in target:
        yield from _overwritten(call, target, "rsync")


def _tar(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("C", "f", "directory", "file"))
    folder = told.value("C", "directory")
    if folder and ("x" in told.letters or call.args[0][:1] == "x"):
        yield from _overwritten(call, folder, "tar -x")
    if told.has("", "remove-files"):
        yield _offence(
            Trust.ELEVATED, "tar --remove-files", "it deletes what it packs", Bound.FILES
        )


_COMMANDS: Mapping[str, Callable[[Call], Iterator[Offence]]] = {
    "rm": _rm, "unlink": _rm, "rimraf": _rm, "trash": _rm, "srm": _shred, "shred": _shred,
    "find": _find, "gfind": _find, "dd": _dd, "truncate": _truncate, "mv": _move, "cp": _move,
    "install": _move, "ln": _move, "tee": _written, "chmod": _rights, "chown": _rights,
    "chgrp": _rights, "sed": _sed, "gsed": _sed, "rsync": _rsync, "tar": _tar,
}  # fmt: skip
