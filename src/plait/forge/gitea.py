"""Gitea and Forgejo, as each server tells its API at /api/swagger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from plait.core.ci import Job, JobState
from plait.core.delivery import PullRequest, RequestState
from plait.core.remote import Site
from plait.forge.api import Api

_PAGE = 50  # what a server gives at most, unless its owner allows more
_PAGES = 40
_JOBS = {
    "success": JobState.PASSED,
    "warning": JobState.PASSED,
    "skipped": JobState.PASSED,
    "pending": JobState.PENDING,
}


class Gitea:
    """A repository at Gitea or Forgejo."""

    name = "gitea"
    needs = 'the permissions "repository: write" and "issue: write"'
    longest_body = 65_000
    takes_findings = False

    def __init__(self, api: Api) -> None:
        self._api = api
        self._home = f"/repos/{quote(api.site.repository)}"
        self._path = f"{self._home}/pulls"

    @staticmethod
    def root(site: Site) -> str:
        """Where its API is."""
        return f"{site.web}/api/v1"

    async def find(self, branch: str) -> Sequence[PullRequest]:
        """The requests for a branch, the newest first; it cannot be asked for one branch's."""
        found: list[PullRequest] = []
        for page in range(1, _PAGES + 1):
            told = await self._listed("open", page)
            found += [self._read(each) for each in told if self._is_ours(each, branch)]
            if not told:
                break
        settled = await self._listed("closed", 1)
        found += [self._read(each) for each in settled if self._is_ours(each, branch)]
        return sorted(found, key=lambda each: -each.number)

    async def open(self, *, branch: str, target: str, title: str, body: str) -> PullRequest:
        """Open a request."""
        wanted = {"head": branch, "base": target, "title": title, "body": body}
        return self._read(await self._api.ask("POST", self._path, body=wanted))

    async def update(self, request: PullRequest, *, title: str, body: str) -> PullRequest:
        """Give a request another title and text."""
        path = f"{self._path}/{request.number}"
        wanted = {"title": title, "body": body}
        return self._read(await self._api.ask("PATCH", path, body=wanted))

    async def jobs(self, commit: str) -> Sequence[Job]:
        """The statuses of a commit: those of its own actions, and what others set on it."""
        found: list[Job] = []
        for page in range(1, _PAGES + 1):
            told = await self._api.ask(
                "GET",
                f"{self._home}/commits/{commit}/status",
                query={"limit": _PAGE, "page": page},
            )
            match told:
                case {"statuses": list(statuses)}:
                    found += [self._job(each) for each in statuses]
                case {"statuses": None}:  # of a commit without any
                    statuses = []
                case _:
                    raise self._api.nonsense()
            if len(statuses) < _PAGE:
                break
        return found

    def _job(self, told: Any) -> Job:
        match told:
            case {"context": str(name), "status": str(status)}:
                state = _JOBS.get(status, JobState.FAILED)
                return Job(name=name, state=state, url=told.get("target_url") or "")
            case _:
                raise self._api.nonsense()

    async def tell_findings(self, sarif: bytes, *, request: PullRequest, commit: str) -> None:
        """It reads no SARIF."""

    async def _listed(self, state: str, page: int) -> list[Any]:
        query: dict[str, str | int] = {
            "state": state,
            "sort": "recentupdate",
            "limit": _PAGE,
            "page": page,
        }
        told = await self._api.ask("GET", self._path, query=query)
        if not isinstance(told, list):
            raise self._api.nonsense()
        return told

    def _is_ours(self, told: Any, branch: str) -> bool:
        """Whether a request is for the branch of this repository, and of no fork of it."""
        match told:
            case {"head": {"label": str(name), "repo_id": head}, "base": {"repo_id": base}}:
                # `ref` is another one once the branch is gone; `label` stays
                return head == base and name.rpartition(":")[2] == branch
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
                still = RequestState.OPEN if state == "open" else RequestState.CLOSED
                return PullRequest(
                    number=number,
                    url=url,
                    state=RequestState.MERGED if told.get("merged") else still,
                    title=title,
                    body=told.get("body") or "",
                    commit=commit,
                    target=target,
                )
            case _:
                raise self._api.nonsense()
