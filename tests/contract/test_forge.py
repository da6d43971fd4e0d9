"""The Forge port: three APIs, one behaviour."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.fakes.forge import READER, REPOSITORY, TOKEN, CodeHost, serving

from plait.core.ci import Word, said
from plait.core.delivery import PullRequest, RequestState
from plait.core.remote import ForgeKind, Site
from plait.errors import EnvironmentLack
from plait.forge import AccessToken, connect
from plait.ports import Forge
from plait.process import run_main


@pytest.fixture(params=list(ForgeKind))
def host(request: pytest.FixtureRequest) -> Iterator[CodeHost]:
    with serving(CodeHost(request.param.value)) as opened:
        yield opened


def asked(host: CodeHost, what, *, token: str = TOKEN, url: str = ""):
    """What comes of a call with a forge, in a session of its own."""

    async def main():
        site = Site(web=url or host.url, repository=REPOSITORY)
        key = AccessToken(text=token, source="THE_VARIABLE")
        async with connect(ForgeKind(host.kind), site, key) as forge:
            return await what(forge)

    return run_main(main)


def refused(host: CodeHost, **given: str) -> EnvironmentLack:
    """How a search for a branch's requests fails."""

    async def find(forge: Forge):
        return await forge.find("feature")

    with pytest.raises(EnvironmentLack) as caught:
        asked(host, find, **given)
    assert given.get("token", TOKEN) not in caught.value.message + caught.value.hint
    return caught.value


def test_a_request_is_opened_found_and_updated(host):
    """What was opened is found by its branch, and holds what it was given."""

    async def story(forge: Forge):
        assert await forge.find("feat/a#b") == []
        made = await forge.open(branch="feat/a#b", target="main", title="T", body="B 1")
        assert await forge.find("feat/a#b") == [made]
        changed = await forge.update(made, title="T 2", body="B 2")
        assert await forge.find("feat/a#b") == [changed]
        return made, changed

    made, changed = asked(host, story)
    expected = PullRequest(
        number=1,
        url=made.url,
        state=RequestState.OPEN,
        title="T",
        body="B 1",
        commit="0" * 40,
        target="main",
    )
    assert made == expected
    assert (changed.title, changed.body) == ("T 2", "B 2")
    assert made.url.startswith(f"{host.url}/{REPOSITORY}/")


def test_a_second_request_for_a_branch_is_refused(host):
    """The forge's own word is told."""

    async def twice(forge: Forge):
        await forge.open(branch="feature", target="main", title="T", body="")
        await forge.open(branch="feature", target="main", title="T", body="")

    with pytest.raises(EnvironmentLack, match="already exists") as caught:
        asked(host, twice)
    assert caught.value.code == "FORGE_REFUSED"


def test_only_requests_of_this_repository_for_this_branch_are_found(host):
    """Those of forks and of other branches are not ours; the newest comes first, settled or not."""
    host.add(state="merged")
    host.add(state="closed")
    host.add()
    host.add(fork=True)
    host.add(branch="feature-2")

    async def find(forge: Forge):
        return await forge.find("feature")

    found = asked(host, find)
    assert [(each.number, each.state.value) for each in found] == [
        (3, "open"),
        (2, "closed"),
        (1, "merged"),
    ]


def test_a_request_among_many_is_found(host):
    """A hundred others that are open hide none."""
    host.add()
    for number in range(120):
        host.add(branch=f"other-{number}")

    async def find(forge: Forge):
        return await forge.find("feature")

    assert [each.number for each in asked(host, find)] == [1]


def test_a_bad_token_is_told_with_where_it_came_from(host):
    """It is not valid: renew it."""
    error = refused(host, token="no-such-token")
    assert error.code == "FORGE_TOKEN_REFUSED"
    assert "THE_VARIABLE" in error.message
    assert error.exit_code == 4


def test_a_missing_permission_is_told_with_what_is_needed(host):
    """Reading is allowed, opening is not."""

    async def opened(forge: Forge):
        await forge.open(branch="feature", target="main", title="T", body="")

    with pytest.raises(EnvironmentLack) as caught:
        asked(host, opened, token=READER)
    assert caught.value.code == "FORGE_FORBIDDEN"
    assert "write" in caught.value.hint or "api" in caught.value.hint
    assert host.requests == []


def test_an_address_where_nobody_answers_is_unreachable(host):
    """A network fault has its own code."""
    error = refused(host, url="http://127.0.0.1:9")
    assert error.code == "FORGE_UNREACHABLE"
    assert "127.0.0.1:9" in error.message


def test_a_token_that_no_header_can_hold_is_told(host):
    """Neither does it end in a traceback, nor is it printed."""
    assert refused(host, token="töken\n").code == "FORGE_UNREACHABLE"
    assert host.asked == []


@pytest.mark.parametrize(
    ("status", "headers", "code", "told"),
    [
        (404, {}, "FORGE_NOT_FOUND", "may not see it"),
        (301, {"Location": "https://elsewhere.example.org/"}, "FORGE_MOVED", "no longer"),
        (429, {"Retry-After": "30"}, "FORGE_RATE_LIMITED", "wait 30 s"),
        (403, {"X-RateLimit-Remaining": "0"}, "FORGE_RATE_LIMITED", "some minutes"),
        (500, {}, "FORGE_FAILED", "500"),
        (422, {}, "FORGE_REFUSED", "422"),
    ],
)
def test_every_refusal_has_its_code(host, status, headers, code, told):
    """What the status and its headers mean is the same at all three."""
    host.answers.append((status, {"message": "no, s3cret-t0ken-of-the-owner"}, headers))
    error = refused(host)
    assert error.code == code
    assert told in error.message + error.hint
    assert len(host.asked) == 1


def test_when_a_limit_ends_is_told(host):
    """The forge's own moment, in UTC."""
    until = int(time.time()) + 900
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(until)}
    host.answers.append((403, {"message": "API rate limit exceeded"}, headers))
    assert time.strftime("%H:%M:%S UTC", time.gmtime(until)) in refused(host).hint


@pytest.mark.parametrize("answer", [b"<html>Sign in</html>", {"not": "a list"}, [{"head": 1}, 2]])
def test_an_answer_that_is_not_of_the_api_is_no_bug(host, answer):
    """A sign-in page, another shape: it is told, or there is nothing of ours in it."""

    async def find(forge: Forge):
        return await forge.find("feature")

    host.answers.append((200, answer, {}))
    if isinstance(answer, list):
        assert asked(host, find) == []
    else:
        assert refused(host).code == "FORGE_FAILED"


def jobs_of(host: CodeHost, commit: str = "a" * 40, **given: str):
    """What the forge says of a commit's checks."""

    async def look(forge: Forge):
        return await forge.jobs(commit)

    return asked(host, look, **given)


def test_what_its_checks_say_of_a_commit(host):
    """Each check with where it stands and where people read of it; none of a commit without."""
    assert list(jobs_of(host)) == []
    host.job("unit", "pending")
    host.job("lint", "passed")
    host.job("docs", "failed", status=True)
    found = {said_name(each.name): each for each in jobs_of(host)}
    assert {name: each.state.value for name, each in found.items()} == {
        "unit": "pending",
        "lint": "passed",
        "docs": "failed",
    }
    assert all(each.url.startswith(host.url) for each in found.values())


def test_all_pages_of_checks_are_read(host):
    """More of them than one answer holds."""
    for number in range(130):
        host.job(f"job {number}", "passed")
    assert len(list(jobs_of(host))) == 130


def test_checks_of_a_commit_are_refused_like_all_else(host):
    """A bad token, and what is no answer of the API, have their codes."""
    with pytest.raises(EnvironmentLack) as caught:
        jobs_of(host, token="wrong")
    assert caught.value.code == "FORGE_TOKEN_REFUSED"
    host.answers.append((200, {"odd": 1}, {}))
    with pytest.raises(EnvironmentLack) as caught:
        jobs_of(host)
    assert caught.value.code == "FORGE_FAILED"


def test_a_job_that_may_fail_holds_nothing_up_unless_it_is_asked_for(host):
    """GitLab's; the others have no such thing."""
    host.job("flaky", "failed", allow_failure=True)
    host.job("unit", "passed")
    jobs = list(jobs_of(host))
    word = said(jobs, ()).word
    assert word is (Word.PASSED if host.kind == "gitlab" else Word.FAILED)
    assert said(jobs, ("flaky",)).word is Word.FAILED


def said_name(name: str) -> str:
    """A job's name without its workflow's, and without what set it off."""
    return name.rpartition(" / ")[2].partition(" (")[0]
