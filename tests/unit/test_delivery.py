"""Which forge, which request, which title, which text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import runs

from plait.core.delivery import (
    LONGEST_TITLE,
    PullRequest,
    RequestState,
    chosen,
    has_landed,
    is_due,
    title_for,
    title_of,
)
from plait.core.event import DeliveryEnded, DeliveryOutcome, Event, RunEnded, RunStatus
from plait.core.plan import PackageId
from plait.core.remote import ForgeKind, Site, kind_of, placed, site_of, without_password
from plait.core.run import Run
from plait.faces.pull_request import file_text, text_of

NOTHING = "\N{ZERO WIDTH SPACE}"


@pytest.mark.parametrize(
    ("address", "web", "repository", "kind"),
    [
        ("git@github.com:o/r.git", "https://github.com", "o/r", ForgeKind.GITHUB),
        ("https://github.com/o/r", "https://github.com", "o/r", ForgeKind.GITHUB),
        ("https://me:secret@github.com/o/r.git/", "https://github.com", "o/r", ForgeKind.GITHUB),
        ("ssh://git@ssh.github.com:443/o/r.git", "https://github.com", "o/r", ForgeKind.GITHUB),
        ("https://acme.ghe.com/o/r.git", "https://acme.ghe.com", "o/r", ForgeKind.GITHUB),
        ("git@gitlab.com:g/s/p.git", "https://gitlab.com", "g/s/p", ForgeKind.GITLAB),
        ("https://gitlab.acme.org/g/p", "https://gitlab.acme.org", "g/p", ForgeKind.GITLAB),
        ("ssh://git@codeberg.org/o/r.git", "https://codeberg.org", "o/r", ForgeKind.GITEA),
        ("http://gitea.lan:3000/o/r.git", "http://gitea.lan:3000", "o/r", ForgeKind.GITEA),
        ("ssh://git@git.acme.org:2222/o/r.git", "https://git.acme.org", "o/r", None),
        ("https://github.com.evil.org/o/r", "https://github.com.evil.org", "o/r", None),
        ("https://notgithub.com/o/r", "https://notgithub.com", "o/r", None),
    ],
)
def test_a_remotes_address_tells_the_forge(address, web, repository, kind):
    """Host and path in every form that git takes; passwords and ssh's ports go."""
    site = site_of(address)
    assert site == Site(web=web, repository=repository)
    assert kind_of(site) is kind


@pytest.mark.parametrize(
    "address",
    ["/srv/git/r.git", "../r.git", "file:///srv/r.git", "", "https://[x/o/r", "https://h:x/o/r"],
)
def test_a_local_path_is_at_no_forge(address):
    """Nor is what cannot be read."""
    assert site_of(address) is None


def test_its_owner_says_where_the_forge_is():
    """An address of its own, a folder below the host, another path."""
    ssh = site_of("git@work:tools/gitlab/team/project.git")
    told = placed(ssh, url="https://example.org/tools/gitlab/", repository="")
    assert told == Site(web="https://example.org/tools/gitlab", repository="team/project")
    told = placed(None, url="http://127.0.0.1:3000", repository="o/r")
    assert told == Site(web="http://127.0.0.1:3000", repository="o/r")
    assert placed(None, url="", repository="o/r") is None


def test_no_password_is_told():
    """Whatever holds an address loses its name and password."""
    assert without_password("fatal: https://me:pw@h/o/r denied") == "fatal: https://h/o/r denied"


def request(
    number: int = 1, state: str = "open", commit: str = "c", target: str = "main"
) -> PullRequest:
    """A request as a forge tells it."""
    return PullRequest(
        number=number,
        url="u",
        state=RequestState(state),
        title="T",
        body="",
        commit=commit,
        target=target,
    )


def test_an_open_request_is_gone_on_with():
    """The one with the same target first, else the newest; then nothing new is opened."""
    newer, same = request(3, target="next"), request(2)
    assert chosen([newer, same], commit="x", target="main") is same
    assert chosen([newer, request(1, "closed", "x")], commit="x", target="main") is newer


def test_what_was_settled_stays_so_until_there_is_something_new():
    """A closed request counts as long as it is about this very commit."""
    closed = request(1, "closed", "c1")
    assert chosen([closed], commit="c1", target="main") is closed
    assert chosen([closed], commit="c2", target="main") is None
    assert chosen([], commit="c1", target="main") is None


def over(status: RunStatus = RunStatus.SUCCEEDED, *events: Event) -> Run:
    """A run that is over, with one package landed."""
    began = runs.started(runs.plan(runs.package("a"), runs.package("b")))
    return runs.record(
        began, runs.begin(), runs.end(), runs.landed(), RunEnded(status=status), *events
    )


def delivered(outcome: DeliveryOutcome, commit: str = "m-a") -> DeliveryEnded:
    """The end of a delivery."""
    return DeliveryEnded(outcome=outcome, commit=commit)


def test_a_run_is_offered_once_it_is_over_and_again_when_that_failed_or_it_moved():
    """A blocked run waits; a failed delivery, or one of another commit, is done again."""
    assert is_due(over())
    assert is_due(over(RunStatus.PARTIAL))
    assert not is_due(over(RunStatus.BLOCKED))
    assert not is_due(over(RunStatus.CANCELLED))
    assert not is_due(over(RunStatus.SUCCEEDED, delivered(DeliveryOutcome.OPENED)))
    assert is_due(over(RunStatus.SUCCEEDED, delivered(DeliveryOutcome.FAILED)))
    assert is_due(over(RunStatus.SUCCEEDED, delivered(DeliveryOutcome.OPENED, "older")))


def test_a_delivery_changes_nothing_of_the_run_itself():
    """A failed one leaves the run's status as it is."""
    run = over(RunStatus.SUCCEEDED, delivered(DeliveryOutcome.FAILED))
    assert run.status is RunStatus.SUCCEEDED
    assert run.finished_at == over().finished_at


def test_where_nothing_landed_there_is_nothing_to_offer():
    """What an earlier run landed on the branch counts, too."""
    began = runs.started(runs.plan(runs.package("a")))
    assert not has_landed(began)
    assert has_landed(replace(began, carried=(PackageId("a"),)))
    assert has_landed(over())


def test_the_title_is_the_plans_and_tells_a_part():
    """It is cut to what forges take, on one line; a title of a person's own stays."""
    run, part = over(), over(RunStatus.PARTIAL)
    assert title_of(run) == "A plan"
    assert title_of(part) == "A plan (in part)"
    assert title_for(run, "A plan (in part)") == "A plan"
    assert title_for(run, "Mine") == "Mine"
    long = replace(part, plan=replace(part.plan, title="x\n" * 400))
    assert len(title_of(long)) == LONGEST_TITLE
    assert title_of(long).endswith("… (in part)")


def text(report: str, *, room: int = 10_000, there: str = "") -> str:
    """A request's text with room enough."""
    return text_of(report, room=room, run="r1", there=there)


def test_the_text_is_replaced_between_its_marks():
    """What people wrote before and after stays; the same report changes nothing."""
    first = text("# One\n")
    theirs = f"Before.\n\n{first}\n\nAfter."
    second = text("# Two\n", there=theirs)
    assert second == theirs.replace("# One", "# Two")
    assert text("# Two\n", there=second) == second
    assert text("# One\n", there="Mine.\n") == f"Mine.\n\n{first}"


def test_what_a_report_quotes_calls_nobody_and_orders_nothing():
    """Names, numbers, orders and our own marks are words in it; code stays as it is."""
    told = text(
        "Thanks @ada, closes #12 and \\#13, GH-7, !8\n\n/merge\n\n"
        "`mail@x #1`, \\`@bob\\`\n\n    git log @{1}\n\n<!-- plait: end -->\n"
    )
    for word in ("@ada", "#12", "#13", "GH-7", "!8", "@bob"):
        assert word not in told
    assert f"@{NOTHING}ada" in told
    assert "\n\\/merge\n" in told
    assert "`mail@x #1`" in told
    assert "    git log @{1}" in told
    assert told.count("<!-- plait: end -->") == 1
    assert text("x", there=told) == text("x")


def test_a_text_that_is_too_long_is_cut_and_says_so():
    """It holds whole lines, fits, and names the command that prints all of it."""
    report = "".join(f"line {number} of the report\n" for number in range(1, 2001))
    there = "A person's words.\n\n" + text("old")
    told = text(report, room=5000, there=there)
    assert len(told) <= 5000
    assert told.startswith("A person's words.")
    assert "plait report r1" in told
    kept = [line for line in told.splitlines() if line.endswith("of the report")]
    assert f"{2000 - len(kept)} of 2000 lines did not fit" in told
    assert len(kept) > 100


def test_the_file_holds_title_and_text_and_no_marks():
    """PR.md is for people to paste."""
    assert file_text("T", "# R @ada\n") == f"# T\n\n# R @{NOTHING}ada\n"
