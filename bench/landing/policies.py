"""How others land what several have made at once; each as it would be done with care.

Whoever tests runs a red test once more before anybody is sent back, as Plait does: a flake costs
nobody their place.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.landing.race import Candidate, Policy, Race


def serial(race: Race) -> None:
    """One at a time: merged, tested, landed."""
    while waiting := race.wait():
        first, *rest = waiting
        race.put_back(rest)
        merged = race.merge(race.head, first)
        if merged and (race.passes(merged) or race.passes(merged)):
            race.publish(merged, [first])
        else:
            race.send_back(first)


def bisecting(race: Race) -> None:
    """All that waits as one batch; a red batch is halved, down to whoever makes it red."""
    while waiting := race.wait():
        batches = [waiting]
        while batches:
            batch = batches.pop(0)
            fitting, merged = _together(race, batch)
            if not fitting:
                continue
            race.put_back([each for each in batch if each not in fitting and _fits(race, each)])
            if race.passes(merged) or (len(fitting) == 1 and race.passes(merged)):
                race.publish(merged, fitting)
            elif len(fitting) == 1:
                race.send_back(fitting[0])
            else:
                half = len(fitting) // 2
                batches[:0] = [fitting[:half], fitting[half:]]


def green_alone(race: Race) -> None:
    """Whoever is green alone is merged, and that is that."""
    while waiting := race.wait():
        for each in waiting:
            merged = race.merge(race.head, each)
            if merged:
                race.publish(merged, [each])
            else:
                race.send_back(each)


def _together(race: Race, batch: Sequence[Candidate]) -> tuple[list[Candidate], str]:
    """Those of a batch that can be merged in a row, as one commit; the others wait or go back."""
    head = onto = race.head
    fitting: list[Candidate] = []
    for each in batch:
        if merged := race.merge(onto, each):
            onto = merged
            fitting.append(each)
        elif onto == head or not race.merge(head, each):
            race.send_back(each)
    tree = race.yard.git("rev-parse", f"{onto}^{{tree}}")
    return fitting, race.commit(tree, head, fitting) if fitting else ""


def _fits(race: Race, candidate: Candidate) -> bool:
    return bool(race.merge(race.head, candidate))


OTHERS: dict[str, Policy] = {
    "one at a time": serial,
    "batches, halved": bisecting,
    "green alone": green_alone,
}
