"""What agents say they used up, summed for `plait status`."""

from __future__ import annotations

from plait.core.spent import Used, used


def test_what_is_used_up_is_what_each_attempt_said_last() -> None:
    """Summed over attempts; what nobody says is unknown, a package without a word is left out."""
    told = [
        ("a", 1, 1, {"cost_usd": 0.1, "tokens_input": 10, "tokens_output": None}),
        ("a", 1, 1, {"cost_usd": 0.3}),
        ("a", 2, 2, {"cost_usd": 0.5, "tokens_input": 5}),
        ("b", 1, 1, {"cost_usd": None}),
        ("c", 1, 1, {"tokens_output": 7}),
    ]
    found = used(told)
    assert found == {"a": Used(cost_usd=0.8, tokens_input=15), "c": Used(tokens_output=7)}
    assert sum(found.values(), Used()) == Used(cost_usd=0.8, tokens_input=15, tokens_output=7)
