"""Column types that no database has: misspelt ones among those that extensions bring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set as AbstractSet
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from plait.plans.contracts.sql_heads import word_set

_COMMON = sorted(
    word_set(
        "INTEGER INT SMALLINT BIGINT TINYINT SERIAL BIGSERIAL NUMERIC DECIMAL REAL DOUBLE FLOAT"
        " BOOLEAN TEXT VARCHAR CHAR CHARACTER NVARCHAR UUID JSON JSONB BYTEA BLOB DATE TIME"
        " TIMESTAMP TIMESTAMPTZ DATETIME INTERVAL MONEY BINARY VARBINARY"
    )
)
# Types that extensions and rarer parts of a database bring; the parser takes them for anybody's.
_FURTHER = word_set(
    "CITEXT LTREE LQUERY VECTOR HALFVEC SPARSEVEC GEOMETRY GEOGRAPHY HSTORE TSVECTOR TSQUERY"
    " INET CIDR MACADDR MACADDR8 OID REGCLASS REGPROC REGTYPE REGROLE NAME XML POINT LINE LSEG"
    " BOX PATH POLYGON CIRCLE BIT VARBIT PG_LSN TXID_SNAPSHOT TRIGGER VOID RECORD ANY ANYELEMENT"
    " CUBE CLOB NUMBER VARCHAR2 NVARCHAR2 NCHAR NCLOB SYSNAME TID XID CID INT8 INT4 INT2 FLOAT4"
    " FLOAT8 RAW YEAR SET LONG ROWVERSION HIERARCHYID BOOL SMALLSERIAL STRING ENUM"
)
_MOST_COMPARED = 200
_CLOSE = 0.8
_LONGEST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownType:
    """A type, the character at which it stands, and the common type it is probably meant to be."""

    name: str
    at: int
    meant: str


def unknown(trees: Iterable[tuple[Any, int]], created: AbstractSet[str]) -> Iterator[UnknownType]:
    """Types that are neither common nor created, each once.

    Args:
        trees: Parsed statements, each with where the text begins that it was parsed from.
        created: The names of types that the contract creates, in capitals.
    """
    from sqlglot import exp

    told: set[str] = set()
    for tree, base in trees:
        if not isinstance(tree, exp.Alter) and getattr(tree, "kind", "") != "TABLE":
            continue  # a routine's arguments may be of types that no column has
        for used in tree.find_all(exp.DataType):
            kind = used.args.get("kind")
            of_column = isinstance(used.parent, exp.ColumnDef | exp.DataType)
            if used.this != exp.DataType.Type.USERDEFINED or kind is None or not of_column:
                continue
            parts = [part for part in used.find_all(exp.Identifier) if part.meta]
            name = kind if isinstance(kind, str) else ".".join(part.name for part in parts)
            plain = name.rpartition(".")[2].upper()
            known = plain in created or plain in _FURTHER or plain in _COMMON
            if not plain or known or plain in told or len(told) >= _MOST_COMPARED:
                continue
            told.add(plain)
            start = min((part.meta["start"] for part in parts), default=0)
            meant = "" if "." in name else _meant(plain)
            yield UnknownType(name=name, at=base + start, meant=meant)


def _meant(name: str) -> str:
    """The common type that a name is a letter or two away from."""
    if len(name) > _LONGEST:
        return ""
    best = max(_COMMON, key=lambda known: SequenceMatcher(None, name, known).ratio())
    return best if SequenceMatcher(None, name, best).ratio() >= _CLOSE else ""
