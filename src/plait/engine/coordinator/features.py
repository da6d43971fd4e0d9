"""The registry of features: who works on what, in runs and outside of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from plait.core import lock_keys
from plait.core.audit import Fact
from plait.core.features import Area, Feature, meetings, of_feature, of_run
from plait.core.guardrails.verdict import Trust
from plait.engine.coordinator.fields import Asked, Line, Message, Name, Names, Paths
from plait.engine.coordinator.places import below
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb

DAY_S = 86_400.0
DEFAULT_DAYS = 7.0
MOST_FEATURES = 500
MOST_PATHS = 200  # of a run, that are told
_RUN = "run:"


class RegisterFeature(Asked):
    """A feature that somebody works on outside of runs."""

    feature: Annotated[Name, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
    """Its name; the same again replaces what it claims"""
    title: Line = ""
    paths: Paths = ()
    """What it writes: files, folders and globs below the repository's root"""
    keys: Names = ()
    """Lock keys that it has to do with, such as `db:schema:users`"""
    days: float = Field(default=DEFAULT_DAYS, gt=0, le=90)
    """How long it stands, if it is not registered again"""


class Meets(Message):
    """Another feature, or a run, that claims the same."""

    feature: str
    """Its name; `run:ID` for a run"""
    package: str
    """Of a run: which package"""
    common: str
    """A path, or a key, that both claim"""


class FeatureView(Message):
    """A feature, or a run that is not over."""

    feature: str
    """Its name; `run:ID` for a run"""
    title: str
    agent: str
    paths: tuple[str, ...]
    keys: tuple[str, ...]
    until: float
    """Unix time until which it stands; 0: as long as the run"""
    conflicts: tuple[Meets, ...]
    """Who claims the same: others that are registered, and packages of runs"""


def register_feature(call: Call, asked: RegisterFeature) -> FeatureView:
    """Say what a feature that you work on outside of runs will write, and hear who else does.

    Nothing is locked. A plan that can write the same gets a warning when it is checked and run.

    Raises:
        Refusal: `NOTHING_ASKED`, `OUTSIDE`, `NOT_YOURS`, `TOO_MANY_FEATURES`.
    """
    rows, session = call.rows, call.session
    if not asked.paths and not asked.keys:
        raise Refusal("it claims nothing", code="NOTHING_ASKED", kind=Kind.INVALID)
    known = rows.feature(asked.feature)
    if known is not None and known.agent != session.agent and known.until > rows.now:
        raise _not_yours(known)
    if known is None and len(rows.features()) >= MOST_FEATURES:
        raise Refusal(
            f"{MOST_FEATURES} features are registered",
            code="TOO_MANY_FEATURES",
            kind=Kind.LIMIT,
            hint="deregister those that are done",
        )
    feature = Feature(
        id=asked.feature,
        title=asked.title,
        agent=session.agent,
        session=session.id,
        run=session.run,
        paths=tuple(dict.fromkeys(below(each) for each in asked.paths)),
        keys=tuple(dict.fromkeys(map(lock_keys.normalise, asked.keys))),
        until=rows.now + asked.days * DAY_S,
        created_at=rows.now,
    )
    rows.write_feature(feature)
    told = {"feature": feature.id, "paths": list(feature.paths), "keys": list(feature.keys)}
    rows.record([Fact(kind="feature_registered", who=session.agent, data=told)])
    return _view(feature, _areas(call))


class OneFeature(Asked):
    """Which feature."""

    feature: Name


class Deregistered(Message):
    """Whether it was registered."""

    feature: str
    was_registered: bool


def deregister_feature(call: Call, asked: OneFeature) -> Deregistered:
    """Take a feature of yours out of the registry: it is done, or given up. Again does no harm.

    Raises:
        Refusal: `NOT_YOURS`.
    """
    known = call.rows.feature(asked.feature)
    if known is None:
        return Deregistered(feature=asked.feature, was_registered=False)
    if known.agent != call.session.agent and call.session.trust < Trust.ELEVATED:
        raise _not_yours(known)
    call.rows.drop_feature(known.id)
    told = {"feature": known.id, "of": known.agent}
    call.rows.record([Fact(kind="feature_deregistered", who=call.session.agent, data=told)])
    return Deregistered(feature=known.id, was_registered=True)


class ListFeatures(Asked):
    """Nothing to say."""


class FeatureList(Message):
    """Features that are registered, and runs that are not over."""

    features: tuple[FeatureView, ...]


def list_features(call: Call, _asked: ListFeatures) -> FeatureList:
    """See which features are worked on, in runs and outside of them, and which claim the same."""
    areas = _areas(call)
    registered = [_view(each, areas) for each in call.rows.features()]
    runs = dict.fromkeys(each.run for each in areas if each.run)
    return FeatureList(features=(*registered, *(_run_view(each, areas) for each in runs)))


def get_feature(call: Call, asked: OneFeature) -> FeatureView:
    """See one feature, or a run as `run:ID`, and who claims the same.

    Raises:
        Refusal: `NO_SUCH_FEATURE`.
    """
    areas = _areas(call)
    name = asked.feature
    if name.startswith(_RUN) and any(each.run == name[len(_RUN) :] for each in areas):
        return _run_view(name[len(_RUN) :], areas)
    known = call.rows.feature(name)
    if known is None or known.until <= call.rows.now:
        raise Refusal(
            f"no feature {name!r} is registered", code="NO_SUCH_FEATURE", kind=Kind.MISSING
        )
    return _view(known, areas)


def _areas(call: Call) -> tuple[Area, ...]:
    """What is claimed now, by features and by runs."""
    rows = call.rows
    found = [of_feature(each) for each in rows.features()]
    for run in rows.runs_going():
        found += of_run(run, rows.plan(run), rows.package_states(run))
    return tuple(found)


def _view(feature: Feature, areas: tuple[Area, ...]) -> FeatureView:
    others = [each for each in areas if each.run or each.owner != feature.id]
    return FeatureView(
        feature=feature.id,
        title=feature.title,
        agent=feature.agent,
        paths=feature.paths,
        keys=feature.keys,
        until=feature.until,
        conflicts=_met([of_feature(feature)], others),
    )


def _run_view(run: str, areas: tuple[Area, ...]) -> FeatureView:
    mine = [each for each in areas if each.run == run]
    others = [each for each in areas if each.run != run]
    paths = dict.fromkeys(glob for each in mine for glob in each.scope.write)
    return FeatureView(
        feature=f"{_RUN}{run}",
        title=mine[0].owner,
        agent="plait",
        paths=tuple(paths)[:MOST_PATHS],
        keys=(),
        until=0.0,
        conflicts=_met(mine, others),
    )


def _met(mine: list[Area], others: list[Area]) -> tuple[Meets, ...]:
    return tuple(
        Meets(
            feature=f"{_RUN}{each.theirs.run}" if each.theirs.run else each.theirs.owner,
            package=each.theirs.package,
            common=each.common,
        )
        for each in meetings(mine, others)
    )[:MOST_PATHS]


def _not_yours(feature: Feature) -> Refusal:
    return Refusal(
        f"{feature.id} was registered by {feature.agent}",
        code="NOT_YOURS",
        kind=Kind.FORBIDDEN,
        hint="choose another name, or ask them",
    )


VERBS = (
    Verb(
        name="register_feature",
        asks=RegisterFeature,
        answers=FeatureView,
        do=register_feature,
        capability=Capability.FEATURES,
    ),
    Verb(
        name="deregister_feature",
        asks=OneFeature,
        answers=Deregistered,
        do=deregister_feature,
        capability=Capability.FEATURES,
    ),
    Verb(
        name="list_features",
        asks=ListFeatures,
        answers=FeatureList,
        do=list_features,
        capability=Capability.FEATURES,
        writes=False,
        needs_session=False,
    ),
    Verb(
        name="get_feature",
        asks=OneFeature,
        answers=FeatureView,
        do=get_feature,
        capability=Capability.FEATURES,
        writes=False,
        needs_session=False,
    ),
)
