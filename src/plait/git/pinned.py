"""git's settings as they were before any agent ran: what all of Plait's calls go by.

An agent that nothing holds, and any check, can write `.git/config`: a filter, a merge driver, a
file to include, a remote helper. Plait's calls never read it while a run goes on. They are given
a folder of Plait's own in place of the one that worktrees share: objects, refs and logs in it are
links to the repository's; settings, attributes and excludes are as they were when the run began.
So nothing that was planted can run, known by name or not, and the user's own filters stay.

How it was outlives the process: who takes up a killed run goes by the same. What was altered
while a run went on, and would make git run something, stays without effect in later runs, until
the user has put it right or said that it is his.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from plait.git import settings
from plait.git.command import Git, GitFailed, disk_full, is_disk_full
from plait.git.settings import Altered, Entry
from plait.git.trash import discard

_LINKED = ("objects", "refs", "packed-refs", "logs", "reftable", "worktrees", "modules", "lfs")
_LIST = ("config", "--list", "-z", "--show-scope", "--show-origin")
_Facts = tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a repository's settings are, and where Plait has its own.

    Args:
        common: The folder that all worktrees share.
        admin: git's folder of the user's checkout; in the main one the same.
        state: Plait's state folder.
    """

    common: Path
    admin: Path
    state: Path

    @property
    def ours(self) -> Path:
        """All that is kept here."""
        return self.state / "git"

    @property
    def mirror(self) -> Path:
        """What git is given in place of `common`."""
        return self.ours / "common"

    @property
    def user(self) -> Path:
        """The user's settings, and the system's."""
        return self.ours / "settings"

    @property
    def attributes(self) -> Path:
        """The user's attributes."""
        return self.ours / "attributes"

    @property
    def pin(self) -> Path:
        """How it was when the run began; there as long as it has not ended in order."""
        return self.ours / "pin.json"

    @property
    def distrusted(self) -> Path:
        """What was altered while a run went on."""
        return self.ours / "distrusted.json"


class Pinned:
    """The settings that are in force, and whether the repository's have been altered since.

    Args:
        places: Where everything is.
        git: git in the user's checkout, with the settings as they are.
        entries: The settings as they were.
    """

    def __init__(self, places: Places, git: Git, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._places = places
        self._git = git
        self._told: set[str] = set()
        self._files = self._contents()
        mirror = places.mirror  # as strings, at which a look is soonest
        kept = (*self._files, mirror, mirror / "info", places.common / "HEAD")
        self._looked_at = tuple(map(str, kept))
        self._written: tuple[_Facts, ...] = ()
        self._seen: tuple[_Facts, ...] = ()
        self.look()

    @property
    def folder(self) -> Path:
        """What git is given in place of the folder that worktrees share."""
        return self._places.mirror

    @property
    def environment(self) -> dict[str, str | Path]:
        """What makes git go by them in the repository."""
        return {"GIT_COMMON_DIR": self._places.mirror, **self.users}

    @property
    def users(self) -> dict[str, str | Path]:
        """What makes git go by the user's anywhere."""
        return {"GIT_CONFIG_GLOBAL": self._places.user, "GIT_CONFIG_NOSYSTEM": "1"}

    @property
    def identity(self) -> tuple[str, str] | None:
        """The user's name and mail address."""
        known = {each.key: each.value for each in self.entries}
        name, mail = known.get("user.name"), known.get("user.email")
        return (name, mail) if name and mail else None

    @property
    def distrusted(self) -> Path:
        """The file to delete for whoever altered something himself."""
        return self._places.distrusted

    def look(self) -> None:
        """See to it that Plait's folder is as it was made: before each call; some microseconds."""
        if self._written == tuple(map(_facts, self._looked_at)):
            return
        mirror, common = self._places.mirror, self._places.common
        for folder in (self._places.ours, mirror, mirror / "info"):
            if folder.is_symlink() or not folder.is_dir():
                discard(folder)
                folder.mkdir()
        (common / "logs").mkdir(exist_ok=True)  # git makes none behind a link
        linked = {name: common / name for name in _LINKED}
        for path in mirror.iterdir():
            if path.name not in {*linked, "config", "info", "HEAD", "shallow"}:
                discard(path)
        for name, target in linked.items():
            if not (mirror / name).is_symlink() or (mirror / name).readlink() != target:
                discard(mirror / name)
                (mirror / name).symlink_to(target)
        head = settings.content(common / "HEAD")  # which branch is checked out, git asks there
        for path, text in {**self._files, mirror / "HEAD": head}.items():
            _place(path, text)
        self._written = tuple(map(_facts, self._looked_at))

    async def altered(self) -> tuple[Altered, ...]:
        """What would make git run something and is not as it was; each key is told once.

        Where it would have effect in a later run, it is noted.
        """
        facts = tuple(map(_facts, self._watched()))
        if facts == self._seen:
            return ()
        try:
            entries = await read(self._git, self._places)
        except GitFailed:  # no git can read it, so there is nothing that it would do
            return ()
        self._seen = facts
        found = settings.altered(self.entries, entries)
        self._note([each for each in found if each.lasts])
        fresh = [each for each in found if each.key not in self._told]
        self._told |= {each.key for each in fresh}
        return tuple(fresh)

    async def begin(self) -> None:
        """Note how it is, for whoever goes on after a crash."""
        told = json.dumps([asdict(each) for each in self.entries])
        _place(self._places.pin, told.encode())

    async def end(self) -> tuple[Altered, ...]:
        """Look for the last time: what the user alters from now on is his own."""
        found = await self.altered()
        self._places.pin.unlink(missing_ok=True)
        return found

    def _note(self, found: Sequence[Altered]) -> None:
        told = json.dumps([asdict(each) for each in found], indent=1).encode() if found else None
        if told != settings.content(self._places.distrusted):
            _place(self._places.distrusted, told)

    def _contents(self) -> dict[Path, bytes | None]:
        """The files that are not links, and what they are to hold."""
        mirror, common = self._places.mirror, self._places.common
        beside = {each.key: each.value for each in self.entries if each.scope == settings.FILE}

        def text(key: str) -> bytes:
            return (beside.get(key) or "").encode("utf-8", "surrogateescape")

        # Large files are in the user's store, wherever git says that its folder is.
        stores = [each.value for each in self.entries if each.key == "lfs.storage" and each.value]
        store = common / (stores[-1] if stores else "lfs")
        large = Entry(scope=settings.LOCAL, key="lfs.storage", value=str(store))
        # (Ours is the one that is spelt so: git lists keys in small letters.)
        place = Entry(scope="global", key="core.attributesFile", value=str(self._places.attributes))
        return {
            mirror / "config": settings.text_of((*self.entries, large), local=True),
            mirror / "info/attributes": text("info/attributes"),
            mirror / "info/exclude": settings.content(common / "info/exclude"),
            mirror / "shallow": settings.content(common / "shallow"),
            self._places.user: settings.text_of((*self.entries, place), local=False),
            self._places.attributes: text("attributes"),
        }

    def _watched(self) -> list[Path]:
        """The files that decide what git's settings are."""
        common, home = self._places.common, Path(os.environ.get("HOME", "/"))
        found = [common / "config", home / ".gitconfig", _config_home() / "git/config"]
        found += [Path("/etc/gitconfig"), common / "info/attributes", common / "hooks"]
        found += settings.hooks(common)
        for each in self.entries:
            if each.where:
                found.append(common / each.where)
            if each.key.endswith(".path") and each.key.startswith("include") and each.value:
                found.append(Path(each.where).parent / Path(each.value).expanduser())
        if (path := _attributes(self.entries)) is not None:
            found.append(path)
        return list(dict.fromkeys(found))


async def pin(places: Places, git: Git, *, begin: bool) -> Pinned:
    """The settings that Plait goes by in a repository.

    Args:
        places: Where everything is.
        git: git in the user's checkout, with the settings as they are.
        begin: Nobody else works here; a run, or what else writes, begins with them.

    Raises:
        GitFailed: Its settings cannot be read.
    """
    noted = _noted(places.pin)
    if noted is not None:  # of a run that was killed, or that goes on
        return Pinned(places, git, noted)
    entries = await read(git, places)
    for each in _distrusted(places.distrusted):
        there = settings.values(entries).get(each.key, ())
        if settings.same(there, each.now):
            entries = (*(one for one in entries if one.key != each.key), *each.before)
    found = Pinned(places, git, entries)
    if begin:
        await found.begin()
    return found


async def read(git: Git, places: Places) -> tuple[Entry, ...]:
    """The settings of a repository as they are now, and the files beside them.

    Raises:
        GitFailed: They cannot be read.
    """
    entries = settings.parse(await git.run(*_LIST))
    return (*entries, *settings.beside(places.common, _attributes(entries)))


def _attributes(entries: Sequence[Entry]) -> Path | None:
    """The user's own file of attributes."""
    named = [e.value for e in entries if e.key == "core.attributesfile" and e.value]
    if named:
        with suppress(RuntimeError):  # of a user who is not known
            return Path(named[-1]).expanduser()
    return _config_home() / "git/attributes"


def _config_home() -> Path:
    home = os.environ.get("HOME", "/")
    return Path(os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config")


def _noted(path: Path) -> tuple[Entry, ...] | None:
    try:
        return tuple(Entry(**each) for each in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _distrusted(path: Path) -> list[Altered]:
    try:
        return [
            Altered(
                key=each["key"],
                before=tuple(Entry(**one) for one in each["before"]),
                now=tuple(Entry(**one) for one in each["now"]),
            )
            for each in json.loads(path.read_bytes())
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _facts(path: Path | str) -> _Facts:
    """What tells that a file is as it was."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _place(path: Path, text: bytes | None) -> None:
    """Have a file hold this, whole at any time; None: have there be none.

    Raises:
        EnvironmentLack: `DISK_FULL`.
    """
    if text is None:
        discard(path)
    elif path.is_symlink() or settings.content(path) != text:
        if path.is_dir():
            discard(path)
        new = path.with_name(f".{path.name}.new")
        try:
            discard(new)
            new.write_bytes(text)
            new.replace(path)
        except OSError as error:
            if is_disk_full(error):
                raise disk_full(str(error)) from error
            raise
