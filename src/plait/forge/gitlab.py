"""GitLab, as https://docs.gitlab.com/api/merge_requests tells its API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from plait.core.ci import Job, JobState
from plait.core.delivery import PullRequest, RequestState
from plait.core.remote import Site
from plait.forge.api import Api

_PAGE, _PAGES = 100, 10
_JOBS = {
    "success": JobState.PASSED,
    "failed": JobState.FAILED,
    "canceled": JobState.FAILED,
}
_STATES = {
    "opened": RequestState.OPEN,
    "locked": RequestState.OPEN,
    "closed": RequestState.CLOSED,
    "merged": RequestState.MERGED,
}


class GitLab:
    """A project at GitLab; what others call a pull request it calls a merge request."""

    name = "gitlab"
    needs = "the scope `api` and the role of a developer"
    longest_body = 1_000_000
    takes_findings = False

    def __init__(self, api: Api) -> None:
        self._api = api
        self._home = f"/projects/{quote(api.site.repository, safe='')}"
        self._path = f"{self._home}/merge_requests"

    @staticmethod
    def root(site: Site) -> str:
        """Where its API is."""
        return f"{site.web}/api/v4"

    async def find(self, branch: str) -> Sequence[PullRequest]:
        """The requests for a branch, the newest first."""
        query: dict[str, str | int] = {
            "source_branch": branch,
            "state": "all",
            "order_by": "created_at",
            "sort": "desc",
            "per_page": _PAGE,
        }
        told = await self._api.ask("GET", self._path, query=query)
        if not isinstance(told, list):
            raise self._api.nonsense()
        return [self._read(each) for each in told if _is_ours(each, branch)]

    async def open(self, *, branch: str, target: str, title: str, body: str) -> PullRequest:
        """Open a request."""
        wanted = {
            "source_branch": branch,
            "target_branch": target,
            "title": title,
            "description": body,
        }
        return self._read(await self._api.ask("POST", self._path, body=wanted))

    async def update(self, request: PullRequest, *, title: str, body: str) -> PullRequest:
        """Give a request another title and text."""
        path = f"{self._path}/{request.number}"
        wanted = {"title": title, "description": body}
        return self._read(await self._api.ask("PUT", path, body=wanted))

    async def jobs(self, commit: str) -> Sequence[Job]:
        """The statuses of a commit: its pipelines' jobs, and what others set on it."""
        found: list[Job] = []
        path = f"{self._home}/repository/commits/{commit}/statuses"
        for page in range(1, _PAGES + 1):
            query: dict[str, str | int] = {"per_page": _PAGE, "page": page}
            told = await self._api.ask("GET", path, query=query)
            if not isinstance(told, list):
                raise self._api.nonsense()
            found += [self._job(each) for each in told]
            if len(told) < _PAGE:
                break
        return found

    def _job(self, told: Any) -> Job:
        match told:
            case {"name": str(name), "status": str(status)}:
                return Job(
                    name=name,
                    state=_JOBS.get(status, JobState.PENDING),
                    url=told.get("target_url") or "",
                    # `skipped`: of jobs that are for another outcome, or behind one that failed
                    optional=told.get("allow_failure") is True or status in {"skipped", "manual"},
                )
            case _:
                raise self._api.nonsense()

    async def tell_findings(self, sarif: bytes, *, request: PullRequest, commit: str) -> None:
        """It reads no SARIF."""

    def _read(self, told: Any) -> PullRequest:
        match told:
            case {
                "iid": int(number),
                "web_url": str(url),
                "state": str(state),
                "title": str(title),
                "target_branch": str(target),
            } if state in _STATES:
                return PullRequest(
                    number=number,
                    url=url,
                    state=_STATES[state],
                    title=title,
                    body=told.get("description") or "",
                    commit=told.get("sha") or "",
                    target=target,
                )
            case _:
                raise self._api.nonsense()


def _is_ours(told: Any, branch: str) -> bool:
    """Whether a request is for the branch of this project, and of no fork of it."""
    match told:
        case {"source_branch": str(name)}:
            return name == branch and told.get("source_project_id") == told.get("target_project_id")
        case _:
            return False
