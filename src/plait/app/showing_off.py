"""`plait demo`: the main job on a small real repository and plan that ship with Plait."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from plait.app.launching import Call, run
from plait.app.project import fold_run, open_project, open_store, pick_run
from plait.app.reporting import render, report_of
from plait.errors import UsageError

DEMO_AGENTS = 4


def run_demo(folder: Path | None, *, agent: str | None, quiet: bool) -> int:
    """Lay the demo out, run it, say where everything lies; return the run's exit code.

    Raises:
        UsageError: `FOLDER_NOT_EMPTY`.
    """
    from plait import demo

    place = folder or Path(tempfile.mkdtemp(prefix="plait-demo-"))
    if place.exists() and any(place.iterdir()):
        raise UsageError(
            f"{place} is not empty",
            code="FOLDER_NOT_EMPTY",
            hint="give a new folder with --dir; the demo overwrites nothing",
        )
    project = demo.lay_out(place.resolve())
    if not quiet:
        sys.stderr.write(f"a small repository with an approved plan: {project.repo}\n\n")
    code = run(
        Call(
            plan=str(project.plan_path),
            start=project.repo,
            agents=(agent or f"scripted:{project.script_path}",),
            max_agents=DEMO_AGENTS,
            yes=True,
            quiet=quiet,
        )
    )
    if not quiet:
        sys.stdout.write("\n" + _report(project.repo))
    plait = "plait" if shutil.which("plait") else Path(sys.executable).with_name("plait")
    sys.stdout.write(
        "\nLook around:\n"
        f"  cd {project.repo}\n"
        "  git log --graph --oneline --all\n"
        f"  {plait} status\n"
        f"  {plait} report --format html > report.html\n"
    )
    return code


def _report(repo: Path) -> str:
    """The newest run's report as Markdown, which reads well in a terminal too."""
    project = open_project(repo)
    with open_store(project) as store:
        run = fold_run(store, pick_run(store, None).id)
        return render(report_of(project, store, run), "md")
