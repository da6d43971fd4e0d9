"""One spelling for each lock key, and what two keys both claim."""

from __future__ import annotations

import time
from itertools import combinations, product

import pytest
from hypothesis import given, strategies as st

from plait.core import lock_keys
from plait.core.lock_keys import NAMESPACES, conflict, covers, meeting, normalise, spelling

SPELT = {
    "api:get /v1//u/{id}": "api:GET /v1/u/{}",
    "api:GET /v1/u/{user_id}": "api:GET /v1/u/{}",
    "api:GET /v1/u/{user_id}/": "api:GET /v1/u/{}",
    "API: post:/v1/u/:id": "api:POST /v1/u/{}",
    "api:GET https://example.org/v1/u/<int:id>?page=2#top": "api:GET /v1/u/{}",
    "api:/v1/./u/[id].json": "api:* /v1/u/{}.json",
    "api:* /V1/Users": "api:* /V1/Users",
    "api:DELETE /v1/**": "api:DELETE /v1/*",
    "api:users": "api:* /users",
    "api:": "api:* /",
    "db:Schema:Users": "db:schema:users",
    " DB : schema . users / email ": "db:schema:users:email",
    "db:migration_slot": "db:migration-slot",
    "event:Orders..Created": "event:orders.created",
    "flag:/Billing//new-invoice/": "flag:billing/new-invoice",
    "env:DATABASE_URL": "env:database_url",
    "contract:./contracts//Api.yaml": "contract:contracts/Api.yaml",
    "feature:Add-Export:Pause": "feature:add-export:pause",
    "Queue:  Nightly   Run": "queue:Nightly Run",
    "mutex": "mutex",
    "": "",
}
CONFLICTS = [
    ("flag:billing/*", "flag:billing/x"),
    ("flag:billing/*", "flag:billing/a/b"),
    ("db:schema:*", "db:schema:users"),
    ("db:schema", "db:schema:users"),
    ("db:schema:users", "db:schema:users.email"),
    ("event:orders.*", "event:Orders.Created"),
    ("api:GET /v1/*", "api:get /v1/users/{id}"),
    ("api:* /v1/users", "api:DELETE /v1/users"),
    ("api:/v1/users", "api:DELETE /v1/users/"),
    ("api:GET /v1/{a}/x", "api:/v1/:b/x"),
    ("flag:*/x", "flag:billing/*"),
    ("queue:nightly*", "queue:nightly-2"),
    ("mutex", "mutex"),
]
STRANGERS = [
    ("flag:billing/*", "flag:billing"),
    ("flag:billing", "flag:billing/x"),
    ("flag:billing", "event:billing"),
    ("db:schema:users", "db:schema:users_old"),
    ("db:migration-slot", "db:schema:*"),
    ("api:GET /v1/users", "api:POST /v1/users"),
    ("api:GET /v1/*", "api:POST /v1/*"),
    ("api:GET /v1/users/{id}", "api:GET /v1/users/me"),
    ("flag:*/x", "flag:*/y"),
    ("contract:a.yaml", "contract:A.yaml"),
    ("queue:a", "Queue:A"),
]


@pytest.mark.parametrize(("key", "wanted"), SPELT.items())
def test_a_key_has_one_spelling(key, wanted):
    """Case, slashes, hosts and the names of parameters do not tell keys apart."""
    assert normalise(key) == wanted


def test_what_to_write_keeps_the_names_of_parameters():
    """The spelling that people are shown is the canonical one with their own names in it."""
    assert spelling("api:get /v1//u/{id}/") == "api:GET /v1/u/{id}"
    assert spelling("flag:Billing//x") == normalise("flag:Billing//x")


@pytest.mark.parametrize(("a", "b"), CONFLICTS)
def test_keys_that_claim_the_same_conflict(a, b):
    """A star, a level above and another spelling are no way round a lock."""
    assert conflict(a, b)
    assert conflict(b, a)


@pytest.mark.parametrize(("a", "b"), STRANGERS)
def test_keys_that_claim_different_things_do_not(a, b):
    """What is named differently may be worked on at once."""
    assert not conflict(a, b)
    assert not conflict(b, a)


def test_what_covers_and_what_is_covered():
    """To cover is more than to conflict, and one-sided."""
    assert covers("flag:billing/*", "flag:billing/x")
    assert not covers("flag:billing/x", "flag:billing/*")
    assert covers("api:* /v1/*", "api:GET /v1/users/{id}")
    assert not covers("api:GET /v1/*", "api:* /v1/users")
    assert covers("db:schema", "db:schema:*")
    assert conflict("flag:a*", "flag:*b")
    assert not covers("flag:a*", "flag:*b")


SMALL = st.text(alphabet="ab/*", max_size=3)
WORDS = ["".join(word) for size in range(7) for word in product("ab/", repeat=size)]
KEYS = st.one_of(
    st.builds("{}:{}".format, st.sampled_from([*NAMESPACES, "queue"]), st.text(max_size=12)),
    st.builds("api:{} {}".format, st.sampled_from(["GET", "get", "*", ""]), SMALL),
    st.text(alphabet="apidb:/*. {}<>[]?#", max_size=16),
)


@given(KEYS)
def test_a_spelling_is_final(key):
    """Spelling a key that is spelt changes nothing, and the two spellings are one key."""
    assert normalise(normalise(key)) == normalise(key)
    assert normalise(spelling(key)) == normalise(key)
    assert spelling(spelling(key)) == spelling(key)


@given(KEYS, KEYS)
def test_conflict_and_cover_hang_together(a, b):
    """A conflict is mutual; a key conflicts with and covers itself and all its spellings."""
    assert conflict(a, b) == conflict(b, a)
    assert conflict(a, normalise(a))
    assert covers(a, normalise(a))
    if covers(a, b):
        assert conflict(a, b)
    if covers(a, b) and covers(b, a):
        assert conflict(a, b)


@given(SMALL, SMALL)
def test_claims_agree_with_brute_force(a, b):
    """Over a small alphabet: to conflict is to match a common word, to cover is to match all.

    A user's own namespace takes the text as it stands. The shortest common word of two texts is
    no longer than both together.
    """
    mine = {word for word in WORDS if _matches(a, word)}
    their = {word for word in WORDS if _matches(b, word)}
    assert conflict(f"q:{a}", f"q:{b}") == bool(mine & their)
    assert covers(f"q:{a}", f"q:{b}") == (mine >= their)


@given(st.lists(KEYS, max_size=12))
def test_the_index_finds_what_comparing_all_finds(keys):
    """Every pair that conflicts, once, and no other."""
    found = list(meeting(keys))
    every = {frozenset((a, b)) for a, b in combinations(set(keys), 2) if conflict(a, b)}
    assert {frozenset(pair) for pair in found} == every
    assert len(found) == len(every)


@given(st.lists(st.lists(KEYS, max_size=3), max_size=6))
def test_claimants_are_paired_where_their_keys_conflict(claims):
    """By position, the lower first, with the keys that say why."""
    wanted = {
        (i, j)
        for (i, mine), (j, theirs) in combinations(enumerate(claims), 2)
        if any(conflict(a, b) for a, b in product(mine, theirs))
    }
    found = list(lock_keys.pairs(claims))
    assert [(i, j) for i, j, _ in found] == sorted(wanted)
    for i, j, _ in found:
        pair = lock_keys.shared(claims[i], claims[j])
        assert pair is not None
        assert pair[0] in claims[i]
        assert pair[1] in claims[j]
        assert conflict(*pair)


def test_many_keys_take_little_time():
    """Keys of which none conflict are not compared pair by pair: doubling them doubles the work."""
    kinds = ("flag:*/x{}", "flag:m/{}/y{}", "api:* /v2/r{}", "api:PUT /v2/r{}/x", "db:schema:t{}")

    def cost(first: int, count: int) -> float:
        """Of keys that have not been read before."""
        keys = [kind.format(n, n) for kind in kinds for n in range(first, first + count)]
        start = time.process_time()
        assert list(meeting(keys)) == []
        return time.process_time() - start

    assert cost(10_000, 8_000) < 10 * cost(20_000, 2_000) + 0.5


def _matches(pattern: str, word: str) -> bool:
    """A star is any characters: by trying each place where it may end."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return any(_matches(pattern[1:], word[place:]) for place in range(len(word) + 1))
    return word[:1] == pattern[0] and _matches(pattern[1:], word[1:])
