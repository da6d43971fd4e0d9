"""Stories of runs: events told one after another, folded into runs as the engine would."""

from __future__ import annotations

from typing import Any

from plait.core.event import (
    AgentEnded,
    AgentStatus,
    AttemptEnded,
    AttemptStarted,
    CheckEnded,
    Event,
    Landed,
    LandingStarted,
    PackageSkipped,
    Recorded,
    RunEnded,
    RunId,
    RunStarted,
    RunStatus,
    ScopeChecked,
    Stage,
    Verdict,
    Warned,
    WorkCommitted,
)
from plait.core.plan import (
    Check,
    Confidence,
    Digest,
    Edge,
    Locks,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Scope,
    SourceFile,
    Span,
    WorkPackage,
)
from plait.core.run import Run, apply, conclude

BEGIN = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
RUN = RunId("20260921-141320-a1b2")
BASE = "ba5e" * 10
SEARCH_FILE = "openspec/changes/add-search/work-packages.yaml"


class Story:
    """A run as it unfolds: `events` so far, each with the run after it; `run` is the last."""

    def __init__(self, plan: Plan, *, agent: str = "claude", max_agents: int = 4) -> None:
        self.run = Run(id=RUN, plan=plan)
        self.now = BEGIN
        self.events: list[tuple[Recorded, Run]] = []
        self._agent = agent
        self.tell(
            RunStarted(
                plan=plan.id,
                format=plan.format,
                digest=plan.digest,
                base=BASE,
                branch=plan.branch,
                packages=tuple(package.id for package in plan.packages),
                max_agents=max_agents,
                agents=(agent,),
            ),
            after=0,
        )

    def tell(self, event: Event, *, after: float = 1.0) -> None:
        """One more event, `after` seconds later."""
        self.now += after
        recorded = Recorded(seq=self.run.seq + 1, at=self.now, run=RUN, event=event)
        self.run = apply(self.run, recorded)
        self.events.append((recorded, self.run))

    def start(self, *packages: str, after: float = 1.0) -> None:
        """Agents set out."""
        for package in packages:
            state = self.run.packages[PackageId(package)]
            self.tell(
                AttemptStarted(
                    package=state.id,
                    attempt=state.next_attempt,
                    epoch=state.epoch + 1,
                    agent=self._agent,
                    worktree=f".plait/worktrees/{package}",
                    base=self.run.head,
                    directory=f"runs/{RUN}/{package}/{state.next_attempt}",
                    setup_s=0.2,
                ),
                after=after,
            )

    def work(self, package: str, *files: str, takes: float = 60.0) -> None:
        """An agent finishes; what it left is committed."""
        key = self._key(package)
        self.tell(
            AgentEnded(
                **key,
                status=AgentStatus.COMPLETED,
                exit_code=0,
                duration_s=takes,
                cost_usd=0.12,
                tokens_input=5200,
                tokens_output=860,
            ),
            after=takes,
        )
        self.tell(WorkCommitted(**key, commit=_hash(f"{package} work"), files=files), after=0.1)

    def scope(self, package: str, *violations: str) -> None:
        """The scope is compared."""
        self.tell(ScopeChecked(**self._key(package), violations=violations), after=0.1)

    def check(
        self,
        package: str,
        name: str = "unit",
        *,
        red: bool = False,
        stage: Stage = Stage.VERIFY,
        takes: float = 1.2,
    ) -> None:
        """A check ends."""
        key = self._key(package)
        self.tell(
            CheckEnded(
                **key,
                stage=stage,
                name=name,
                command=f"make {name}",
                passed=not red,
                exit_code=1 if red else 0,
                duration_s=takes,
                log=f"runs/{RUN}/{package}/{key['attempt']}/checks/{name}.log",
                commit=_hash(f"{package} {stage}"),
            ),
            after=takes,
        )

    def judge(
        self,
        package: str,
        verdict: Verdict,
        *,
        code: str | None = None,
        reason: str = "",
        question: str = "",
        violations: tuple[str, ...] = (),
    ) -> None:
        """The attempt is judged; rejected work is kept."""
        key = self._key(package)
        kept = f"refs/plait/kept/{RUN}/{package}/{key['epoch']}" if code else None
        self.tell(
            AttemptEnded(
                **key,
                verdict=verdict,
                error_code=code,
                reason=reason,
                question=question,
                violations=violations,
                kept_ref=kept,
                commit=_hash(f"{package} work") if verdict is Verdict.PASS else None,
            ),
            after=0.1,
        )

    def land(self, package: str, *files: str) -> None:
        """The candidate's merge result is tested and the branch moves."""
        key = self._key(package)
        self.tell(LandingStarted(**key, onto=self.run.head), after=0.1)
        self.check(package, "unit", stage=Stage.LAND, takes=2.4)
        self.tell(
            Landed(**key, commit=_hash(f"{package} landed"), tree=_hash("tree"), files=files),
            after=0.1,
        )

    def succeed(self, package: str, *files: str, takes: float = 60.0) -> None:
        """From the agent's end to the landing, nothing in the way."""
        self.work(package, *files, takes=takes)
        self.scope(package)
        self.check(package)
        self.judge(package, Verdict.PASS)
        self.land(package, *files)

    def end(self) -> None:
        """Nothing more can happen."""
        self.tell(RunEnded(status=conclude(self.run)), after=0.1)

    def _key(self, package: str) -> dict[str, Any]:
        attempt = self.run.packages[PackageId(package)].attempts[-1]
        return {
            "package": PackageId(package),
            "attempt": attempt.number,
            "epoch": attempt.epoch,
        }


def search_plan() -> Plan:
    """Nine packages with a bit of everything."""
    lock = ("db:schema:search",)
    return Plan(
        id="add-search",
        title="Add user search",
        format="openspec-packages",
        feature="add-search",
        branch="openspec/add-search",
        digest=Digest("sha256:" + "5ea7c4" * 10 + "5ea7"),
        files=(SourceFile(path=SEARCH_FILE, sha256="0" * 64),),
        packages=(
            _package("db", 4, "Tables and indexes", write=("src/db/**",), keys=lock),
            _package("api", 12, "Search endpoint", "db", write=("src/api/**", "docs/api.md")),
            _package("ui", 20, "Search box", write=("src/ui/**",), retry_budget=0),
            _package("docs", 28, "Handbook page", "api", write=("docs/**",)),
            _package("import", 36, "Fill the index", "db", write=("src/import/**",)),
            _package("ranking", 44, "Rank the hits", write=("src/rank/**",), keys=lock),
            _package("e2e", 52, "End-to-end tests", "api", "ui", kind=PackageKind.INTEGRATE),
            _package("audit", 60, "Who may search what", write=("src/audit/**",)),
            _package("notes", 68, "Release notes", "e2e", write=("NEWS.md",)),
        ),
    )


def search_story() -> Story:
    """Landed, retried, out of scope, blocked, skipped, running and waiting: all at once."""
    story = Story(search_plan())
    story.start("db", "ui", "audit", "ranking")
    story.succeed("db", "src/db/tables.sql", "src/db/index.sql", "src/db/test_tables.py")
    story.start("api")
    story.work("ui", "src/ui/box.ts", "src/api/routes.py", takes=20)
    story.scope("ui", "src/api/routes.py")
    story.judge(
        "ui",
        Verdict.REJECT,
        code="SCOPE_VIOLATION",
        reason="it wrote outside its scope: src/api/routes.py",
        violations=("src/api/routes.py",),
    )
    story.tell(_skipped("e2e", "it needs ui (failed)", "ui"))
    story.tell(_skipped("notes", "it needs e2e (skipped)", "e2e"), after=0)
    story.judge(
        "audit",
        Verdict.BLOCKED,
        code="BLOCKED",
        reason="May guests search at all?",
        question="May guests search at all?",
    )
    story.work("api", "src/api/search.py", takes=45)
    story.scope("api")
    story.check("api", red=True)
    story.judge(
        "api",
        Verdict.REVISE,
        code="VERIFICATION_FAILED",
        reason='check "unit" exited 1',
    )
    story.tell(Warned(code="RESULT_KEYS", message="the result lacks `endpoint`", package=_API))
    story.start("api", "import")
    return story


def ended_story() -> Story:
    """The same, to its end."""
    story = search_story()
    story.succeed("ranking", "src/rank/bm25.py", takes=15)
    story.succeed("api", "src/api/search.py", "docs/api.md", takes=90)
    story.start("docs")
    story.succeed("import", "src/import/fill.py", takes=10)
    story.succeed("docs", "docs/search.md", takes=30)
    story.end()
    assert story.run.status is RunStatus.BLOCKED
    return story


_API = PackageId("api")


def _skipped(package: str, reason: str, because: str) -> PackageSkipped:
    return PackageSkipped(package=PackageId(package), reason=reason, because=(PackageId(because),))


def _package(
    name: str,
    line: int,
    title: str,
    *needs: str,
    write: tuple[str, ...] = ("tests/**",),
    keys: tuple[str, ...] = (),
    kind: PackageKind = PackageKind.IMPLEMENT,
    retry_budget: int = 1,
) -> WorkPackage:
    return WorkPackage(
        id=PackageId(name),
        source_id=name,
        title=title,
        kind=kind,
        needs=tuple(
            Edge(
                id=PackageId(need),
                provenance=Provenance.EXPLICIT,
                note="depends_on",
                span=Span(file=SEARCH_FILE, line=line + 3, column=18),
            )
            for need in needs
        ),
        scope=Scope(write=write, confidence=Confidence.DECLARED),
        locks=Locks(keys=keys),
        checks=(Check(name="unit", command="make unit"),),
        retry_budget=retry_budget,
        span=Span(file=SEARCH_FILE, line=line, column=5),
    )


def _hash(word: str) -> str:
    return word.encode().hex().ljust(40, "0")[:40]
