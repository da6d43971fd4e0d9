"""QA: the landed tree is tried, what fails is mended, and after three attempts a person is asked."""

from __future__ import annotations

from textwrap import dedent

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

GOOD = """\
import sys

if sys.argv[1:] == ["--help"]:
    print("usage: sum A B")
    raise SystemExit(0)
name = input("Your name? ")
print(f"Hello {name}: {int(sys.argv[1]) + int(sys.argv[2])}")
"""
BAD = GOOD.replace(" + ", " - ")
SERVER = """\
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok"}).encode()
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

print("listens on", os.environ["PORT"], flush=True)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answers).serve_forever()
"""
SETTINGS = """\
[qa]
serve = "exec python3 app/server.py"
timeout = "20s"

[[qa.scenarios]]
name = "greets and adds"
command = "python3 app/sum.py 1 2"
steps = [{ expect = "Your name?", send = "Ada" }]
text = ["Hello Ada: 3"]
packages = ["wp-sum"]

[[qa.scenarios]]
name = "is healthy"
path = "/health"
status = 200
text = ["ok"]
"""


def begins(story: Story, settings: str = SETTINGS) -> Story:
    """A repository with two packages: a command line and a server."""
    story.begin({"plait.toml": settings})
    story.plans(
        "p",
        Piece(id="wp-sum", write=["app/sum.py"]),
        Piece(id="wp-server", write=["app/server.py"]),
    )
    (story.notes / "good").write_text(GOOD)
    (story.notes / "bad").write_text(BAD)
    (story.notes / "server").write_text(SERVER)
    return story


def agent(first: str = "good", mends: str = "false") -> str:
    """An agent that makes both, and what it does when it is asked to mend."""
    return dedent(
        f"""\
        mkdir -p app
        case "$PLAIT_PACKAGE" in
          wp-sum) cp "$NOTES/{first}" app/sum.py ;;
          wp-server) cp "$NOTES/server" app/server.py ;;
          qa-fix-*) cat "$PLAIT_BRIEF" >> "$NOTES/briefs"; cp "$PLAIT_SCOPE" "$NOTES/scope"
            {mends} ;;
        esac
        """
    )


def items(story: Story) -> list[dict[str, str]]:
    """What came of each item, by try."""
    return [
        {each["name"]: each["status"] for each in trial["items"]} for trial in story.report()["qa"]
    ]


def test_what_landed_is_tried_and_passes(story: Story) -> None:
    """A terminal and a server that nobody hears of again; the report tells both."""
    done = begins(story).run("p", agent(), "--qa")
    assert done.code == 0, done.err
    (trial,) = story.report()["qa"]
    assert (trial["status"], trial["attempt"], trial["of"]) == ("pass", 1, 3)
    assert items(story) == [{"greets and adds": "passed", "is healthy": "passed"}]
    assert trial["commit"] == story.git("rev-parse", "openspec/p")
    assert story.packages()["qa"]["status"] == "landed"
