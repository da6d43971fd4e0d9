"""Remote: where a git repository is fetched from and pushed to, and which forge is there.

An address may hold a password: what is made of it here holds none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

_SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>\[[^\]/]+\]|[^/@:\[\]]+):(?!//)(?P<path>.+)")
_SCHEMES = {"https", "http", "ssh", "git", "git+ssh", "ssh+git"}
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")
# ssh by way of port 443
_ALIASES = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}


class ForgeKind(StrEnum):
    """Which API a code host speaks."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"  # and Forgejo


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A forge's address on the web, without a slash at its end, and a repository's path there."""

    web: str
    repository: str

    @property
    def host(self) -> str:
        """Its name, with the port where there is one."""
        return urlsplit(self.web).netloc


def site_of(address: str) -> Site | None:
    """What a remote's address says; None of a local path, or of what is no address.

    A host that is reached by ssh is taken to have its forge at https.
    """
    scp = _SCP.fullmatch(address)
    if scp and "://" not in address:
        return _site("https", scp["host"], scp["path"])
    split = _split(address)
    if split is None or split.scheme not in _SCHEMES or not split.hostname:
        return None
    host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
    if split.scheme in {"http", "https"}:
        return _site(split.scheme, f"{host}:{split.port}" if split.port else host, split.path)
    return _site("https", host, split.path)


def placed(site: Site | None, *, url: str, repository: str) -> Site | None:
    """The site with what its owner says of it: where the forge is, which repository it is."""
    if url:
        split = _split(url)
        if split is None or split.scheme not in {"http", "https"} or not split.hostname:
            return None
        path = split.path.strip("/")
        inside = site.repository if site else ""
        inside = inside.removeprefix(f"{path}/") if path else inside
        host = split.netloc.rpartition("@")[2]
        web = f"{split.scheme}://{host}" + (f"/{path}" if path else "")
        site = Site(web=web, repository=inside)
    if site is None:
        return None
    return Site(web=site.web, repository=repository.strip("/") or site.repository)


def kind_of(site: Site) -> ForgeKind | None:
    """The forge of a host that is known by its name."""
    host = (urlsplit(site.web).hostname or "").lower()
    first = host.partition(".")[0]
    if host == "github.com" or host.endswith(".ghe.com"):
        return ForgeKind.GITHUB
    if first == "gitlab":
        return ForgeKind.GITLAB
    if first in {"gitea", "forgejo"} or host == "codeberg.org":
        return ForgeKind.GITEA
    return None


def without_password(text: str) -> str:
    """A text in which no address holds a name or a password."""
    return _SECRET.sub("", text)


def _site(scheme: str, host: str, path: str) -> Site:
    name = unquote(path).strip("/").removesuffix(".git").strip("/")
    return Site(web=f"{scheme}://{_ALIASES.get(host, host)}", repository=name)


def _split(address: str) -> SplitResult | None:
    try:
        split = urlsplit(address)
        split.port  # noqa: B018 - it is read only now
    except ValueError:
        return None
    return split
