"""The stacks: which features there are, what each needs, and how they get into each other's way."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A patch of `patches`, whose test is `tests/test_NAME.py`; it is worked on for `seconds`."""

    name: str
    title: str
    seconds: float
    needs: tuple[str, ...] = ()


def _of(name: str, title: str, seconds: float, *needs: str) -> Feature:
    return Feature(name=name, title=title, seconds=seconds, needs=needs)


# In the order of the plan. What conflicts with what:
#   in text, where both can be kept      pressure, energy, nautical; list_units, describe
#   in text, where the line is changed   align, separator
#   in behaviour, and can be mended      read_quantity with ranges and journey;
#                                        four_digits with receipts
#   in behaviour, and can not            keyboard, angstrom: only one of them lands
# cache and clock bring flaky tests along.
FEATURES = (
    _of("pressure", "Units of pressure", 0.6),
    _of("energy", "Units of energy", 0.7),
    _of("read_quantity", "Call parse read_quantity", 1.2),
    _of("ranges", "Ranges of quantities", 0.5),
    _of("cache", "A cache of answers", 0.6),
    _of("four_digits", "Show four digits", 0.9),
    _of("receipts", "Receipts", 0.5),
    _of("align", "Numbers stand to the right", 0.6),
    _of("separator", "Something between columns", 0.7),
    _of("keyboard", "Units can be typed", 0.5),
    _of("angstrom", "The angstrom", 0.6),
    _of("compound", "Show compound quantities", 0.7),
    _of("read_compound", "Read compound quantities", 0.6, "compound"),
    _of("clock", "Times of day", 0.5),
    _of("list_units", "A command that lists the units", 0.6),
    _of("describe", "A command that describes a unit", 0.7),
    _of("journey", "How long a way takes", 0.5),
    _of("nautical", "Nautical units", 0.6),
    _of("fractions", "Fractions such as a half", 0.8),
    _of("markdown", "Tables as Markdown", 0.5),
    _of("percent", "Changes in percent", 0.6, "fractions"),
    _of("significance", "Significant digits", 0.5),
    _of("roman", "Roman numerals", 0.6),
)
# One of each kind, for the short form.
FEW = frozenset(
    {
        *("pressure", "energy", "read_quantity", "ranges", "cache"),
        *("four_digits", "receipts", "keyboard", "angstrom"),
    }
)


def stack(*, short: bool, seed: int = 0) -> tuple[Feature, ...]:
    """The features that are landed; with a seed in another order, and worked on for other times."""
    chance = random.Random(seed)
    found = [each for each in FEATURES if not short or each.name in FEW]
    if seed:
        chance.shuffle(found)
        found = [replace(each, seconds=chance.uniform(0.2, 2.0)) for each in found]
    return tuple(replace(each, seconds=each.seconds / 4) if short else each for each in found)
