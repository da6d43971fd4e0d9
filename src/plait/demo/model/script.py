"""Request → what comes back: an answer by the script, or what goes wrong in its place."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from plait.demo.model import listing, tools
from plait.demo.model.heard import Answer, Call, Heard, Refusal
from plait.demo.model.place import Place, find
from plait.demo.model.scenario import OVER, Fault, Scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a request gets: after `delay_s` seconds, `refusal`, or `answer`.

    Of the answer's stream no more than `cut` events come, if that is a number; with `hang`
    nothing comes at all. `headers` are sent beside the service's own.
    """

    answer: Answer | None = None
    refusal: Refusal | None = None
    place: Place | None = None
    delay_s: float = 0.0
    cut: int | None = None
    hang: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class Script:
    """Answers by scenarios. It counts how often a fault was given, and knows nothing else."""

    def __init__(self, scenarios: Scenarios) -> None:
        self._scenarios = scenarios
        self._given: Counter[tuple[str, int, int, int]] = Counter()
        self._lock = threading.Lock()

    def reply(self, heard: Heard, prefix: str = "", *, now: float | None = None) -> Reply:
        """What a request gets.

        Args:
            heard: The request.
            prefix: What its address named: a file, or a package.
            now: Unix time, from which resets are counted.
        """
        place = find(heard, self._scenarios, prefix)
        text = _in_text(place, heard) if place else None
        if place is None or not (heard.tools or text is not None):
            unknown = (
                "No scenario fits this request." if heard.tools else tools.filler(heard.schema)
            )
            return Reply(answer=_counted(Answer(id=_name(heard, None), text=unknown), heard, None))
        fault = self._fault(place)
        told = Reply(place=place, delay_s=place.step.delay_s)
        if fault is not None and fault.status:
            when = time.time() if now is None else now
            reset_at = None if fault.reset_s is None else when + fault.reset_s
            refusal = Refusal(
                status=fault.status,
                message=fault.message or f"scripted error {fault.status}",
                code=fault.code,
                retry_after_s=fault.retry_after_s,
                reset_at=reset_at,
            )
            return replace(told, refusal=refusal, headers=fault.headers)
        answer = (
            _answer(place, heard) if text is None else Answer(id=_name(heard, place), text=text)
        )
        told = replace(told, answer=_counted(answer, heard, place))
        if fault is not None:
            return replace(told, cut=fault.cut, hang=fault.hang, headers=fault.headers)
        return told

    def _fault(self, place: Place) -> Fault | None:
        """The first of the step's faults that has not been given often enough."""
        for number, fault in enumerate(place.step.faults):
            key = (place.scenario, place.attempt, place.turn, number)
            with self._lock:
                if fault.times is None or self._given[key] < fault.times:
                    self._given[key] += 1
                    return fault
        return None


def _in_text(place: Place | None, heard: Heard) -> str | None:
    """All that is left of the script as one text, for a program that offers no tools."""
    if place is None or heard.tools:
        return None
    steps = [(each.op, each.given) for each in place.rest if each.op]
    edits = listing.listed(steps, heard.system, heard.told)
    return None if edits is None else "\n\n".join(filter(None, [place.rest[-1].says, edits]))


def _answer(place: Place, heard: Heard) -> Answer:
    step, name = place.step, _name(heard, place)
    if step.op:
        called = tools.call(step.op, step.given, heard.tools, place.cwd)
        if called is None:
            says = f"There is no tool by which to {step.op}."
            return Answer(id=name, text="\n".join(filter(None, [step.says, says])))
    else:
        called = tools.last_call(heard.told, heard.tools)
    if called is None:
        return Answer(id=name, text=step.says or OVER)
    namespace, tool, arguments = called
    call = Call(id=f"call_{name}", name=tool, arguments=arguments, namespace=namespace)
    return Answer(id=name, text=step.says, calls=(call,))


def _counted(answer: Answer, heard: Heard, place: Place | None) -> Answer:
    """With what the service says was used up."""
    fixed = place.step.usage if place else None
    if fixed is not None:
        return replace(
            answer,
            tokens_input=fixed.get("input", 0),
            tokens_output=fixed.get("output", 0),
            tokens_cached=fixed.get("cached", 0),
        )
    size = len(answer.text) + sum(len(each.written) for each in answer.calls)
    return replace(answer, tokens_input=heard.size, tokens_output=size // 4 + 1)


def _name(heard: Heard, place: Place | None) -> str:
    """An id of the answer's own: the same for the same conversation."""
    told = [len(heard.pieces), heard.size]
    where = [place.scenario, place.attempt, place.turn] if place else ["aside"]
    return hashlib.sha256(repr([*told, *where]).encode()).hexdigest()[:24]
