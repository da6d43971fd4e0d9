"""SQL: what no database reads is an error at its place; what one of them reads is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.contracts import findings, told

SOUND = {
    "postgres": """\
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TYPE state AS ENUM ('new', 'done');
CREATE DOMAIN email AS citext CHECK (VALUE ~ '@');
CREATE TABLE a (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  s state NOT NULL DEFAULT 'new', m email, e vector(3), t TIMESTAMPTZ DEFAULT now(),
  j JSONB DEFAULT '{}'::jsonb, x TEXT[] NOT NULL DEFAULT '{}', b bit varying(3),
  during tstzrange, EXCLUDE USING gist (during WITH &&), CHECK (id > 0)
);
CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a USING gin (j jsonb_path_ops) WHERE s = 'new';
CREATE TABLE b (LIKE a INCLUDING ALL) PARTITION BY RANGE (id);
CREATE TABLE c PARTITION OF b DEFAULT;
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
ALTER TABLE a ADD CONSTRAINT k EXCLUDE USING gist (during WITH &&);
CREATE POLICY p ON a FOR SELECT USING (true);
CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; END; $$ LANGUAGE plpgsql;
CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();
COMMENT ON TABLE a IS 'it''s';
GRANT SELECT ON a TO reader;
DO $$ BEGIN PERFORM 1; END $$;
NOTIFY moved, 'x';
\\connect other
""",
    "mysql": "CREATE TABLE `a` (id INT AUTO_INCREMENT, n ENUM('x')) ENGINE=InnoDB;\n",
    "sqlite": """\
PRAGMA foreign_keys = ON;
CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b) STRICT;
CREATE VIRTUAL TABLE v USING fts5(a, b);
CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = 1; DELETE FROM d; END;
CREATE TABLE e (f TEXT PRIMARY KEY) WITHOUT ROWID;
""",
    "tsql": "CREATE TABLE a (n NVARCHAR(3))\nGO\nCREATE TABLE b (id INT IDENTITY(1,1))\nGO\n",
    "comment": "-- no tables in this change\n",
}


@pytest.mark.parametrize("dialect", SOUND)
def test_sound_statements(dialect: str, tmp_path: Path) -> None:
    """What one database reads has no finding, whatever the others say."""
    assert findings(tmp_path, {"a.sql": SOUND[dialect]}) == []


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("CREATE TABEL a (b INT)", "1:8", "CREATE makes no 'TABEL'", "'TABLE'"),
        ("DROP TABEL a", "1:6", "DROP makes no 'TABEL'", "'TABLE'"),
        ("CREATE UNIQUE INDX i ON a (b)", "1:15", "CREATE makes no 'INDX'", "'INDEX'"),
        ("CREAT TABLE a (b INT)", "1:1", "no statement begins with 'CREAT'", "'CREATE'"),
        ("hello", "1:1", "no statement begins with 'hello'", "begin with"),
        ("CREATE TABLE IF NOT EXIST a (b INT)", "1:21", "NOT EXISTS", "write IF NOT EXISTS"),
        ("CREATE TABLE a (\n  b INT,,\n  c INT)", "2:9", "empty entry", "remove"),
        ("CREATE TABLE a (\n  b INT,\n)", "3:1", "empty entry", "remove"),
        ("CREATE TABLE a (, b INT)", "1:17", "empty entry", "remove"),
        ("CREATE TABLE a (\n  b INT", "1:16", "never closes", "close it"),
        ("CREATE TABLE a b INT)", "1:21", "was not opened", "remove it"),
        ("CREATE TABLE a (\n  b INT PRIMRY KEY)", "2:9", "'PRIMRY'", "mend"),
        ("CREATE TABLE a (\n  b INT\n  c INT)", "3:3", "'c'", "mend"),
        ("CREATE TABLE a (b INT UNIQ)", "1:23", "'UNIQ'", "mend"),
        ("CREATE TABLE a (b INT DEFALT 3)", "1:23", "'DEFALT'", "mend"),
        ("ALTER TABLE a ADD COLUM b INT", "1:19", "adds no 'COLUM'", "'COLUMN'"),
        ("DROP TABLE a b c", "1:14", "'b'", "mend"),
        ("UPDATE a SET b = 1 WHER c = 2", "1:20", "'WHER'", "mend"),
        ("SELECT 1;\n\nSELECT 'a", "3:8", "never closes", "close it"),
        ("SELECT 1;\n/* a", "2:1", "never closes", "close it"),
        ("CREATE TABLE `a` (\n  b INT c INT)", "2:9", "'c'", "mend"),
    ],
)
def test_one_mistake(text: str, place: str, message: str, hint: str, tmp_path: Path) -> None:
    """One mistake is one error, at its place in the file and not in its statement."""
    before = "CREATE TABLE z (y INT);\n"
    line, _, column = place.partition(":")
    found = findings(tmp_path, {"a.sql": f"{before}{text};\n"})
    assert told(found) == [f"error CONTRACT_SYNTAX a.sql:{int(line) + 1}:{column}"]
    assert message in found[0].message
    assert hint in found[0].hint


def test_every_statement_is_looked_at(tmp_path: Path) -> None:
    """The first mistake is not the last that is told."""
    text = "CREATE TABEL a (b INT);\nCREATE TABLE c (d INT);\nCREATE TABLE e (f INT,,);\n"
    assert told(findings(tmp_path, {"a.sql": text})) == [
        "error CONTRACT_SYNTAX a.sql:1:8",
        "error CONTRACT_SYNTAX a.sql:3:23",
    ]


def test_types(tmp_path: Path) -> None:
    """A misspelt type is an error; one that may be created elsewhere is told."""
    text = "CREATE TABLE a (\n  b INTEGR,\n  c other_state,\n  d INT\n);\n"
    found = findings(tmp_path, {"a.sql": text})
    assert told(found) == [
        "error CONTRACT_SQL_TYPE a.sql:2:5",
        "info CONTRACT_SQL_TYPE a.sql:3:5",
    ]
    assert found[0].hint == "did you mean 'INTEGER'?"


@pytest.mark.parametrize(
    "text", ["CREATE TABLE a OF b\n", "CREATE VIEW a WITH (security_barrier) AS SELECT 1\n"]
)
def test_what_no_parser_knows(text: str, tmp_path: Path) -> None:
    """A statement of a rarer shape may be right: a warning."""
    assert [line.split()[:2] for line in told(findings(tmp_path, {"a.sql": text}))] == [
        ["warning", "CONTRACT_SYNTAX"]
    ]


def test_nothing_is_carried_out(tmp_path: Path) -> None:
    """A statement that would write a file writes none."""
    target = tmp_path / "written.db"
    findings(tmp_path, {"a.sql": f"ATTACH DATABASE '{target}' AS x;\nVACUUM INTO '{target}';\n"})
    assert not target.exists()
