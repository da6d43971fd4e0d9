"""How SQL statements begin: what parsers that know many dialects let pass unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plait.plans.nearest import did_you_mean


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_OBJECTS = word_set(
    "ACCESS AGGREGATE APPLICATION CAST CATALOG COLLATION CONVERSION DATABASE DOMAIN EVENT"
    " EXTENSION EXTERNAL FOREIGN FULLTEXT FUNCTION GROUP INDEX LANGUAGE LOGIN MASKING"
    " MATERIALIZED OPERATOR POLICY PROCEDURE PROPERTY PUBLICATION ROLE ROUTINE ROW RULE SCHEMA"
    " SECURITY SEQUENCE SERVER SESSION SPATIAL STAGE STATISTICS STREAM SUBSCRIPTION SYNONYM"
    " SYSTEM TABLE TABLESPACE TASK TEXT TRANSFORM TRIGGER TYPE USER VIEW VIRTUAL WAREHOUSE XML"
    " LARGE DEFAULT OWNED STREAMING"
)
_BEFORE_OBJECTS = word_set(
    "OR REPLACE ALTER TEMP TEMPORARY GLOBAL LOCAL UNLOGGED UNIQUE RECURSIVE CONSTRAINT"
    " PROCEDURAL TRUSTED CLUSTERED NONCLUSTERED COLUMNSTORE EDITIONABLE FORCE NO EXTERNAL SECURE"
    " TRANSIENT DYNAMIC HYBRID ICEBERG ALGORITHM = UNDEFINED MERGE TEMPTABLE SQL DEFINER INVOKER"
)
_STARTS = word_set("INSERT UPDATE DELETE SELECT WITH VALUES MERGE REPLACE UPSERT PRAGMA TABLE (")
_MAKERS = frozenset({"CREATE", "ALTER", "DROP"})
_ADDED = word_set(
    "COLUMN CONSTRAINT PRIMARY UNIQUE FOREIGN CHECK INDEX KEY FULLTEXT SPATIAL PARTITION"
    " EXCLUDE GENERATED IF VALUE PERIOD SYSTEM DEFAULT NOT COLUMNS ("
)
_READ_IN_FULL = frozenset({"TABLE", "INDEX", "VIEW"})  # what a parser gives up on is doubtful
_OPAQUE = word_set(
    "DO GRANT REVOKE COMMENT SET RESET BEGIN START COMMIT END ROLLBACK SAVEPOINT RELEASE"
    " ANALYZE VACUUM REINDEX CLUSTER COPY CALL EXEC EXECUTE PREPARE DEALLOCATE LISTEN NOTIFY"
    " UNLISTEN LOCK REFRESH SECURITY IMPORT LOAD DISCARD CHECKPOINT REASSIGN PRINT DECLARE IF"
    " WHILE USE SHOW EXPLAIN OPTIMIZE FLUSH RENAME DELIMITER UNLOCK ATTACH DETACH TRUNCATE DENY"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFault:
    """What is wrong at a word of a statement, counted from 0."""

    position: int
    message: str
    hint: str


def fault(words: Sequence[str]) -> HeadFault | None:
    """What `CREATE`, `ALTER` and `DROP` make must be something; `IF` asks for `EXISTS`."""
    upper = [word.upper() for word in words[:40]]
    if not upper or upper[0] not in _MAKERS:
        return None
    at = _object_at(upper)
    if at is None or "DEFINER" in upper[:at]:  # an account's name follows that
        return None
    if upper[at] not in _OBJECTS:
        known = sorted(_OBJECTS)
        hint = did_you_mean(upper[at], known) or f"{upper[0]} TABLE, INDEX, VIEW, TYPE, …"
        message = f"{upper[0]} makes no {words[at][:40]!r}"
        return HeadFault(position=at, message=message, hint=hint)
    if upper[at + 1 : at + 2] == ["IF"]:
        rest = upper[at + 2 : at + 4]
        wanted = ["NOT", "EXISTS"] if upper[0] == "CREATE" else ["EXISTS"]
        if rest[: len(wanted)] != wanted:
            wrong = next(n for n, word in enumerate(wanted) if rest[n : n + 1] != [word])
            position = min(at + 2 + wrong, len(words) - 1)
            wording = " ".join(wanted)
            return HeadFault(
                position=position,
                message=f"IF is followed by {wording}",
                hint=f"write IF {wording}",
            )
    return None


def created(words: Sequence[str]) -> set[str]:
    """The name of the type or domain that a statement creates, in capitals."""
    upper = [word.upper() for word in words[:5]]
    if upper[:1] != ["CREATE"] or upper[1:2] not in (["TYPE"], ["DOMAIN"]):
        return set()
    name = upper[4:5] if upper[3:4] == ["."] else upper[2:3]
    return set(name)


def opaque(words: Sequence[str]) -> bool:
    """Whether a statement whose head alone was read is known to be one, its head being right."""
    upper = [word.upper() for word in words]
    if upper[0] not in _MAKERS:
        return upper[0] in _OPAQUE
    at = _object_at(upper)
    if at is None or upper[at] not in _OBJECTS:
        return False
    if upper[0] == "CREATE":
        return upper[at] not in _READ_IN_FULL
    if upper[0] == "ALTER" and upper[at] == "TABLE" and "ADD" in upper[at:]:
        following = upper[upper.index("ADD", at) + 1 :]
        return bool(following) and following[0] in _ADDED
    return True


def of_any_shape(words: Sequence[str]) -> bool:
    """Whether SQLite may be asked: of a column it takes any words for the type, typos too."""
    upper = [word.upper() for word in words]
    return upper[0] not in _MAKERS or "TABLE" not in upper[:4] or "VIRTUAL" in upper[:3]


def surely_read(words: Sequence[str]) -> bool:
    """Whether parsers know all of such a statement: not of the rarer kinds that `CREATE` has."""
    upper = [word.upper() for word in words]
    at = _object_at(upper)
    return upper[0] not in _MAKERS or (at is not None and upper[at] in {"TABLE", "INDEX"})


def misspelt(words: Sequence[str]) -> HeadFault | None:
    """What is meant by a statement that nothing reads: its first word, or what it adds."""
    upper = [word.upper() for word in words]
    starts = _MAKERS | _STARTS | _OPAQUE
    if upper[0] not in starts:
        hint = did_you_mean(upper[0], sorted(starts)) or "begin with CREATE, ALTER, INSERT, …"
        return HeadFault(
            position=0, message=f"no statement begins with {words[0][:40]!r}", hint=hint
        )
    if upper[:2] == ["ALTER", "TABLE"] and "ADD" in upper[:-1]:
        at = upper.index("ADD") + 1
        hint = did_you_mean(upper[at], sorted(_ADDED))
        if upper[at] not in _ADDED and hint:
            message = f"ALTER TABLE adds no {words[at][:40]!r}"
            return HeadFault(position=at, message=message, hint=hint)
    return None


def _object_at(upper: Sequence[str]) -> int | None:
    """The position of the word that says what is made."""
    for position in range(1, len(upper)):
        if upper[position] not in _BEFORE_OBJECTS:
            return position
    return None
