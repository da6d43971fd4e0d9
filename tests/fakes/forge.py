"""A small code host: the parts of three APIs that a pull request needs, in their shapes.

It knows no git; what a request's branch stands at is asked of `head_of`.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "team/project"
TOKEN = "s3cret-t0ken-of-the-owner"
READER = "t0ken-that-may-only-read"
_PATHS = {
    "github": r"/api/v3/repos/team/project/pulls(?:/(?P<number>\d+))?",
    "gitea": r"/api/v1/repos/team/project/pulls(?:/(?P<number>\d+))?",
    "gitlab": r"/api/v4/projects/team%2Fproject/merge_requests(?:/(?P<number>\d+))?",
}
_COMMIT = r"(?P<commit>[0-9a-f]{40})"
_COMMITS = {
    "github": rf"/api/v3/repos/team/project/commits/{_COMMIT}/(?:check-runs|status)",
    "gitea": rf"/api/v1/repos/team/project/commits/{_COMMIT}/status",
    "gitlab": rf"/api/v4/projects/team%2Fproject/repository/commits/{_COMMIT}/statuses",
}
_EXISTS = {
    "github": (
        422,
        {
            "message": "Validation Failed",
            "errors": [
                {
                    "resource": "PullRequest",
                    "code": "custom",
                    "message": "A pull request already exists for team:branch.",
                }
            ],
            "documentation_url": "https://docs.github.com/rest/pulls/pulls#create-a-pull-request",
            "status": "422",
        },
    ),
    "gitlab": (
        409,
        {"message": ["Another open merge request already exists for this source branch: !1"]},
    ),
    "gitea": (409, {"message": "pull request already exists for these targets", "url": "…"}),
}
_UNKNOWN = {
    "github": {"message": "Bad credentials", "status": "401"},
    "gitlab": {"message": "401 Unauthorized"},
    "gitea": {"message": "invalid username, password or token", "url": "…"},
}
_FORBIDDEN = {
    "github": {"message": "Resource not accessible by personal access token", "status": "403"},
    "gitlab": {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the "
        "access token.",
        "scope": "api",
    },
    "gitea": {"message": "token does not have at least one of required scope(s)", "url": "…"},
}
Answer = tuple[int, Any]


@dataclass(slots=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    authorization: str


@dataclass(slots=True)
class CodeHost:
    """What the host holds. `answers` are given first, whatever is asked."""

    kind: str
    url: str = ""
    head_of: Callable[[str], str] = lambda _branch: "0" * 40
    requests: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    sarif: list[dict[str, Any]] = field(default_factory=list)
    scans: bool = True
    hides: int = 0  # so many listings that know of nothing yet
    jobs: list[dict[str, Any]] = field(default_factory=list)  # what its checks say of any commit
    runs: Callable[[str], None] = lambda _commit: None  # called whenever somebody asks for that

    def add(self, *, branch: str = "feature", **told: Any) -> dict[str, Any]:
        """A request that is there."""
        request = {
            "number": len(self.requests) + 1,
            "branch": branch,
            "target": "main",
            "title": "A title",
            "body": "",
            "state": "open",
            "commit": None,
            "fork": False,
            **told,
        }
        self.requests.append(request)
        return request

    def calls(self, method: str) -> list[Asked]:
        """What was asked by that method."""
        return [each for each in self.asked if each.method == method]

    def answer(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        """What it says."""
        if self.answers:
            return self.answers.pop(0)
        if asked.authorization not in {f"Bearer {TOKEN}", f"Bearer {READER}"}:
            return 401, _UNKNOWN[self.kind], {}
        writes = asked.method != "GET"
        if writes and asked.authorization != f"Bearer {TOKEN}":
            return 403, _FORBIDDEN[self.kind], {}
        if self.kind == "github" and asked.path.endswith("/code-scanning/sarifs"):
            return (*self._scan(asked.body), {})
        of_commit = re.fullmatch(_COMMITS[self.kind], asked.path)
        if of_commit:
            self.runs(of_commit["commit"])
            return 200, self._jobs(asked), {}
        found = re.fullmatch(_PATHS[self.kind], asked.path)
        if not found:
            return 404, {"message": "Not Found"}, {}
        return (*self._requests(asked, found["number"]), {})

    def job(self, name: str, state: str, **told: Any) -> None:
        """What a check says from now on: `pending`, `passed` or `failed`; `status` beside runs."""
        self.jobs = [each for each in self.jobs if each["name"] != name]
        self.jobs.append({"name": name, "state": state, "status": False, **told})

    def _jobs(self, asked: Asked) -> Any:
        size = int(asked.query.get("per_page") or asked.query.get("limit") or 30)
        first = size * (int(asked.query.get("page") or 1) - 1)
        if self.kind == "gitlab":
            return [_gitlab_job(self, each) for each in self.jobs[first : first + size]]
        if self.kind == "gitea":
            page = self.jobs[first : first + size]
            statuses = [_gitea_job(self, each) for each in page] or None
            return {"state": "", "sha": "…", "total_count": len(self.jobs), "statuses": statuses}
        runs = [each for each in self.jobs if not each["status"]]
        if asked.path.endswith("/check-runs"):
            page = runs[first : first + size]
            told = [_github_run(self, each) for each in page]
            return {"total_count": len(runs), "check_runs": told}
        rest = [each for each in self.jobs if each["status"]]
        return {"state": "…", "statuses": [_github_status(self, each) for each in rest]}

    def _requests(self, asked: Asked, number: str | None) -> Answer:
        match asked.method, number:
            case "GET", None:
                return 200, self._list(asked.query)
            case "POST", None:
                return self._create(asked.body)
            case "PATCH" | "PUT", str():
                request = self.requests[int(number) - 1]
                said = "description" if self.kind == "gitlab" else "body"
                request.update(title=asked.body["title"], body=asked.body[said])
                return 201 if self.kind == "gitea" else 200, self.shape(request)
            case _:
                return 405, {"message": "Method Not Allowed"}

    def _list(self, query: dict[str, str]) -> list[Any]:
        if self.hides:
            self.hides -= 1
            return []
        found = list(reversed(self.requests))
        if self.kind == "gitlab":
            found = [each for each in found if each["branch"] == query["source_branch"]]
        elif self.kind == "github":
            found = [each for each in found if f"team:{each['branch']}" == query["head"]]
        else:
            still = query["state"] == "open"
            found = [each for each in found if (each["state"] == "open") == still]
            size, page = int(query["limit"]), int(query["page"])
            found = found[size * (page - 1) : size * page]
        return [self.shape(each) for each in found]

    def _create(self, body: Any) -> Answer:
        if self.kind == "gitlab":
            branch, target = body["source_branch"], body["target_branch"]
            text = body["description"]
        else:
            branch, target, text = body["head"], body["base"], body["body"]
        if any(each["branch"] == branch and each["state"] == "open" for each in self.requests):
            return _EXISTS[self.kind]
        made = self.add(branch=branch, target=target, title=body["title"], body=text)
        return 201, self.shape(made)

    def _scan(self, body: Any) -> Answer:
        if not self.scans:
            return 403, {"message": "Code scanning is not enabled for this repository."}
        document = json.loads(gzip.decompress(base64.b64decode(body["sarif"])))
        self.sarif.append({**body, "sarif": document})
        return 202, {"id": "47177e22-5596-11eb-80a1-c1e54ef945c6", "url": f"{self.url}/…"}

    def shape(self, request: dict[str, Any]) -> dict[str, Any]:
        """A request as the host's API tells it."""
        commit = request["commit"] or self.head_of(request["branch"])
        merged = request["state"] == "merged"
        number, web = request["number"], f"{self.url}/{REPOSITORY}"
        if self.kind == "gitlab":
            return {
                "id": 1000 + number,
                "iid": number,
                "project_id": 7,
                "source_project_id": 8 if request["fork"] else 7,
                "target_project_id": 7,
                "state": {"open": "opened"}.get(request["state"], request["state"]),
                "title": request["title"],
                "description": request["body"] or None,
                "source_branch": request["branch"],
                "target_branch": request["target"],
                "sha": commit,
                "draft": False,
                "web_url": f"{web}/-/merge_requests/{number}",
            }
        repo = {"id": 8 if request["fork"] else 7, "full_name": REPOSITORY}
        if request["fork"]:
            repo["full_name"] = "somebody/project"
        head = {"label": request["branch"], "ref": request["branch"], "sha": commit, "repo": repo}
        base = {"label": request["target"], "ref": request["target"], "sha": "0" * 40}
        told = {
            "id": 1000 + number,
            "number": number,
            "state": "open" if request["state"] == "open" else "closed",
            "title": request["title"],
            "body": request["body"] or (None if self.kind == "github" else ""),
            "html_url": f"{web}/{'pull' if self.kind == 'github' else 'pulls'}/{number}",
            "merged_at": "2026-01-01T00:00:00Z" if merged else None,
        }
        if self.kind == "github":
            owner = "somebody" if request["fork"] else "team"
            return {
                **told,
                "head": {**head, "label": f"{owner}:{request['branch']}"},
                "base": {**base, "repo": {"id": 7, "full_name": REPOSITORY}},
            }
        return {
            **told,
            "merged": merged,
            "head": {**head, "repo_id": repo["id"]},
            "base": {**base, "repo_id": 7, "repo": {"id": 7, "full_name": REPOSITORY}},
        }


def _github_run(host: CodeHost, job: dict[str, Any]) -> dict[str, Any]:
    """A check run as GitHub tells it."""
    number = host.jobs.index(job) + 1
    ended = job["state"] != "pending"
    conclusion = {"passed": "success", "failed": "failure"}.get(job["state"])
    return {
        "id": number,
        "name": job["name"],
        "head_sha": "…",
        "status": "completed" if ended else "in_progress",
        "conclusion": job.get("conclusion", conclusion),
        "started_at": "2026-01-01T00:00:00Z",
        "completed_at": "2026-01-01T00:01:00Z" if ended else None,
        "html_url": f"{host.url}/{REPOSITORY}/runs/{number}",
        "details_url": f"{host.url}/{REPOSITORY}/actions/runs/1/job/{number}",
        "app": {"id": 15368, "slug": "github-actions"},
    }


def _github_status(host: CodeHost, job: dict[str, Any]) -> dict[str, Any]:
    """A status that another service set, as GitHub tells it."""
    return {
        "context": job["name"],
        "state": {"passed": "success", "failed": "failure"}.get(job["state"], "pending"),
        "target_url": f"{host.url}/elsewhere",
        "description": "…",
    }


def _gitlab_job(host: CodeHost, job: dict[str, Any]) -> dict[str, Any]:
    """A commit's status as GitLab tells it."""
    number = host.jobs.index(job) + 1
    state = {"passed": "success", "failed": "failed", "pending": "running"}.get(job["state"])
    return {
        "id": number,
        "sha": "…",
        "ref": "…",
        "status": state or job["state"],
        "name": job["name"],
        "target_url": f"{host.url}/{REPOSITORY}/-/jobs/{number}",
        "allow_failure": job.get("allow_failure", False),
        "coverage": None,
    }


def _gitea_job(host: CodeHost, job: dict[str, Any]) -> dict[str, Any]:
    """A commit's status as Gitea tells it."""
    number = host.jobs.index(job) + 1
    return {
        "id": number,
        "status": {"passed": "success", "failed": "failure"}.get(job["state"], "pending"),
        "target_url": f"{host.url}/{REPOSITORY}/actions/runs/1/jobs/{number}",
        "description": "…",
        "context": f"CI / {job['name']} (push)",
    }


@contextmanager
def serving(host: CodeHost) -> Iterator[CodeHost]:
    """The host at an address of this machine, for as long as this lasts."""

    class Door(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            split = urlsplit(self.path)
            asked = Asked(
                method=self.command,
                path=split.path,
                query={key: unquote(each[0]) for key, each in parse_qs(split.query).items()},
                body=json.loads(self.rfile.read(length)) if length else None,
                authorization=self.headers.get("Authorization", ""),
            )
            host.asked.append(asked)
            status, told, headers = host.answer(asked)
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - http.server's names

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        host.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
