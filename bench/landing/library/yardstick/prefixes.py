"""SI prefixes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prefix:
    """A prefix and what it multiplies by."""

    symbol: str
    name: str
    factor: float


PREFIXES = (
    Prefix("G", "giga", 1e9),
    Prefix("M", "mega", 1e6),
    Prefix("k", "kilo", 1e3),
    Prefix("c", "centi", 1e-2),
    Prefix("m", "milli", 1e-3),
    Prefix("u", "micro", 1e-6),
    Prefix("n", "nano", 1e-9),
)


def split_prefix(symbol):
    """A symbol's prefix, None if it has none, and what is left of it."""
    for prefix in PREFIXES:
        rest = symbol.removeprefix(prefix.symbol)
        if rest and rest != symbol:
            return prefix, rest
    return None, symbol
