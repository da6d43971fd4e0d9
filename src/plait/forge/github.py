"""GitHub and GitHub Enterprise, as https://docs.github.com/rest/pulls tells their API."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from plait.core.ci import Job, JobState
from plait.core.delivery import PullRequest, RequestState
from plait.core.remote import Site
from plait.forge.api import Api

_PAGE, _PAGES = 100, 10
_GOOD = {"success", "neutral", "skipped"}  # what its own branch rules take for passed
_STATES = {"success": JobState.PASSED, "pending": JobState.PENDING}
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class GitHub:
    """A repository at GitHub."""

    name = "github"
    needs = '"Pull requests: write" (a classic token: the scope `repo`)'
    longest_body = 65_000
    takes_findings = True

    def __init__(self, api: Api) -> None:
        self._api = api
        self._path = f"/repos/{quote(api.site.repository)}"

    @staticmethod
    def root(site: Site) -> str:
        """Where its API is."""
        host = urlsplit(site.web).netloc
        if host == "github.com" or host.endswith(".ghe.com"):
            return f"https://api.{host}"
        return f"{site.web}/api/v3"

    async def find(self, branch: str) -> Sequence[PullRequest]:
        """The requests for a branch, the newest first."""
        owner = self._api.site.repository.partition("/")[0]
        query: dict[str, str | int] = {
            "head": f"{owner}:{branch}",
            "state": "all",
            "sort": "created",
            "direction": "desc",
            "per_page": _PAGE,
        }
        told = await self._api.ask("GET", f"{self._path}/pulls", query=query, headers=_HEADERS)
        if not isinstance(told, list):
            raise self._api.nonsense()
        return [self._read(each) for each in told if self._is_ours(each, branch)]

    async def open(self, *, branch: str, target: str, title: str, body: str) -> PullRequest:
        """Open a request."""
        wanted = {"head": branch, "base": target, "title": title, "body": body}
        told = await self._api.ask("POST", f"{self._path}/pulls", body=wanted, headers=_HEADERS)
        return self._read(told)

    async def update(self, request: PullRequest, *, title: str, body: str) -> PullRequest:
        """Give a request another title and text."""
        path = f"{self._path}/pulls/{request.number}"
        wanted = {"title": title, "body": body}
        return self._read(await self._api.ask("PATCH", path, body=wanted, headers=_HEADERS))

    async def jobs(self, commit: str) -> Sequence[Job]:
        """The check runs of a commit, and the statuses that others set on it."""
        path = f"{self._path}/commits/{commit}"
        runs: list[Any] = []
        for page in range(1, _PAGES + 1):
            query: dict[str, str | int] = {"filter": "latest", "per_page": _PAGE, "page": page}
            told = await self._api.ask("GET", f"{path}/check-runs", query=query, headers=_HEADERS)
            more = _listed(told, "check_runs", self._api)
            runs += more
            if len(more) < _PAGE:
                break
        told = await self._api.ask(
            "GET", f"{path}/status", query={"per_page": _PAGE}, headers=_HEADERS
        )
        statuses = _listed(told, "statuses", self._api)
        return [*(self._run(each) for each in runs), *(self._status(each) for each in statuses)]

    def _run(self, told: Any) -> Job:
        match told:
            case {"name": str(name), "status": str(status)}:
                state = JobState.PENDING
                if status == "completed":
                    good = told.get("conclusion") in _GOOD
                    state = JobState.PASSED if good else JobState.FAILED
                return Job(name=name, state=state, url=told.get("html_url") or "")
            case _:
                raise self._api.nonsense()

    def _status(self, told: Any) -> Job:
        match told:
            case {"context": str(name), "state": str(state)}:
                known = _STATES.get(state, JobState.FAILED)
                return Job(name=name, state=known, url=told.get("target_url") or "")
            case _:
                raise self._api.nonsense()

    async def tell_findings(self, sarif: bytes, *, request: PullRequest, commit: str) -> None:
        """Upload findings to code scanning, which shows them on the request."""
        wanted = {
            "commit_sha": commit,
            "ref": f"refs/pull/{request.number}/head",
            "sarif": b64encode(gzip.compress(sarif, mtime=0)).decode("ascii"),
            "tool_name": "plait",
        }
        path = f"{self._path}/code-scanning/sarifs"
        await self._api.ask("POST", path, body=wanted, headers=_HEADERS)

    def _is_ours(self, told: Any, branch: str) -> bool:
        """Whether a request is for the branch of this repository, and of no fork of it."""
        match told:
            case {"head": {"ref": str(ref), "repo": {"full_name": str(name)}}}:
                return ref == branch and name.lower() == self._api.site.repository.lower()
            case _:
                return False

    def _read(self, told: Any) -> PullRequest:
        match told:
            case {
                "number": int(number),
                "html_url": str(url),
                "state": str(state),
                "title": str(title),
                "head": {"sha": str(commit)},
                "base": {"ref": str(target)},
            }:
                return PullRequest(
                    number=number,
                    url=url,
                    state=_state(state, told),
                    title=title,
                    body=told.get("body") or "",
                    commit=commit,
                    target=target,
                )
            case _:
                raise self._api.nonsense()


def _state(state: str, told: Mapping[str, Any]) -> RequestState:
    if told.get("merged_at"):
        return RequestState.MERGED
    return RequestState.OPEN if state == "open" else RequestState.CLOSED


def _listed(told: Any, key: str, api: Api) -> list[Any]:
    found = told.get(key) if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise api.nonsense()
    return found
