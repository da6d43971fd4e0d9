"""JSON Schemas and events: shape, dialect, references by `$id`, CloudEvents' attributes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fakes.contracts import DIALECT, findings, told

SOUND = f"""\
{{
  {DIALECT},
  "$id": "https://parcels.example/schemas/parcel.json",
  "type": "object",
  "required": ["id"],
  "properties": {{
    "id": {{"$ref": "#/$defs/id"}},
    "owner": {{"$ref": "owner.json"}},
    "next": {{"$dynamicRef": "#node"}},
    "size": {{"type": ["integer", "null"], "minimum": 0}}
  }},
  "$dynamicAnchor": "node",
  "unevaluatedProperties": false,
  "examples": [{{"$ref": "nowhere"}}],
  "$defs": {{
    "id": {{"type": "string", "const": {{"$ref": "nowhere"}}}},
    "own": {{"$id": "own.json", "$ref": "#/$defs/in", "$defs": {{"in": true}}}}
  }}
}}
"""
OWNER = f'{{{DIALECT}, "$id": "https://parcels.example/schemas/owner.json"}}'


def test_a_sound_schema(tmp_path: Path) -> None:
    """References by pointer, by anchor, within a schema of its own `$id` and to another's."""
    files = {"a/parcel.schema.json": SOUND, "b/person.schema.json": OWNER}
    assert findings(tmp_path, files) == []


@pytest.mark.parametrize(
    ("old", "new", "finding", "message"),
    [
        ('"type": "object"', '"type": "objct"', "SCHEMA_SHAPE:4:11", "here stands 'objct'"),
        ('"required": ["id"]', '"required": "id"', "SCHEMA_SHAPE:5:15", "must be a list"),
        ('"minimum": 0', '"minimum": "0"', "SCHEMA_SHAPE:10:54", "must be a number"),
        ('["integer", "null"]', '["integer", "nul"]', "SCHEMA_SHAPE:10:34", "'nul'"),
        ('"#/$defs/id"', '"#/$defs/it"', "REF_MISSING:7:20", "#/$defs/it"),
        ('"#node"', '"#nod"', "REF_MISSING:9:29", "no anchor 'nod'"),
        ('"#/$defs/in"', '"#/$defs/id"', "REF_MISSING:17:40", "#/$defs/own/$defs/id"),
    ],
)
def test_one_mistake(old: str, new: str, finding: str, message: str, tmp_path: Path) -> None:
    """One mistake is one error, at its place."""
    assert SOUND.count(old) == 1
    files = {"parcel.schema.json": SOUND.replace(old, new), "owner.json": OWNER}
    found = findings(tmp_path, files)
    code, _, place = finding.partition(":")
    assert told(found) == [f"error CONTRACT_{code} parcel.schema.json:{place}"]
    assert message in found[0].message
    assert found[0].hint


def test_an_id_on_the_network(tmp_path: Path) -> None:
    """What is neither beside a schema nor known by its `$id` may be published: a warning."""
    found = findings(tmp_path, {"parcel.schema.json": SOUND})
    assert told(found) == ["warning CONTRACT_REF_MISSING parcel.schema.json:8:23"]


def test_another_draft(tmp_path: Path) -> None:
    """An older draft is told, and the schema is held to that draft."""
    text = '{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "x"}]}'
    found = findings(tmp_path, {"a.json": text})
    assert told(found) == [
        "info CONTRACT_SCHEMA_DRAFT a.json:1:13",
        "error CONTRACT_SCHEMA_SHAPE a.json:1:75",
    ]


def test_a_dialect_that_is_not_known(tmp_path: Path) -> None:
    """Of a dialect that is not known only the references are checked."""
    text = '{"$schema": "https://json-schema.org/draft/2030-01/schema", "type": 3, "$ref": "#/a"}'
    found = findings(tmp_path, {"a.json": text})
    assert told(found) == [
        "info CONTRACT_SCHEMA_DRAFT a.json:1:13",
        "error CONTRACT_REF_MISSING a.json:1:80",
    ]
    assert "only its references are checked" in found[0].message


def test_a_large_schema(tmp_path: Path) -> None:
    """Of a schema with thousands of values the first mistake is told."""
    wide = {f"p{number}": {"type": "txt"} for number in range(3000)}
    found = findings(tmp_path, {"a.schema.json": json.dumps({"properties": wide})})
    assert told(found) == ["error CONTRACT_SCHEMA_SHAPE a.schema.json:1:32"]


ENVELOPE = f"""\
{{
  {DIALECT},
  "required": ["specversion", "id", "source", "type"],
  "properties": {{
    "specversion": {{"const": "1.0"}},
    "id": {{"type": "string"}},
    "source": {{"type": "string", "format": "uri-reference"}},
    "type": {{"const": "parcels.moved"}},
    "data": {{"type": "object"}}
  }}
}}
"""


@pytest.mark.parametrize("name", ["events/moved.schema.json", "moved.schema.json"])
def test_a_sound_envelope(name: str, tmp_path: Path) -> None:
    """An envelope that demands what every event must say has no finding."""
    assert findings(tmp_path, {name: ENVELOPE}) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ('"source", "type"]', '"type"]', "7:5", "'source' is not required"),
        ('    "id": {"type": "string"},\n', "", "4:3", "'id' is not declared"),
        ('    "specversion": {"const": "1.0"},\n', "", "4:3", "'specversion' is not declared"),
        ('{"const": "1.0"}', '{"const": "0.3"}', "5:30", "must be '1.0'"),
        ('{"const": "1.0"}', '{"const": 1.0}', "5:30", "must be '1.0'"),
        ('{"const": "1.0"}', '{"enum": ["0.3"]}', "5:29", "must allow '1.0'"),
        ('"id": {"type": "string"}', '"id": {"type": "integer"}', "6:20", "must be text"),
    ],
)
def test_an_attribute(old: str, new: str, place: str, message: str, tmp_path: Path) -> None:
    """A context attribute that is missing, optional or of a wrong value is an error."""
    assert ENVELOPE.count(old) == 1
    (finding,) = findings(tmp_path, {"events/a.json": ENVELOPE.replace(old, new)})
    assert told([finding]) == [f"error CONTRACT_EVENT_ATTRIBUTE events/a.json:{place}"]
    assert message in finding.message
    assert finding.hint


def test_an_envelope_in_parts(tmp_path: Path) -> None:
    """What a schema takes over from another, within a circle too, counts."""
    text = f'{{{DIALECT}, "allOf": [{{"$ref": "envelope.schema.json"}}, {{"$ref": "#"}}]}}'
    files = {"events/envelope.schema.json": ENVELOPE, "events/a.json": text}
    assert findings(tmp_path, files) == []


def test_an_envelope_on_the_network(tmp_path: Path) -> None:
    """What an envelope takes over from the network is not said to be missing."""
    text = (
        f'{{{DIALECT}, "allOf": [{{"$ref": "https://events.example/envelope"}}],'
        ' "properties": {"specversion": {"const": "1.0"}}}'
    )
    found = findings(tmp_path, {"events/a.json": text})
    assert [finding.code for finding in found] == ["CONTRACT_REF_REMOTE"]


def test_an_event_without_an_envelope(tmp_path: Path) -> None:
    """A schema in a folder of events that is no envelope is told, and is no error."""
    text = f'{{{DIALECT}, "properties": {{"id": {{"type": "integer"}}}}}}'
    assert told(findings(tmp_path, {"events/a.json": text})) == [
        "info CONTRACT_EVENT_PLAIN events/a.json:1:1"
    ]
    assert findings(tmp_path, {"other/a.json": text}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("specversion: '1.0'\nid: a\nsource: /b\ntype: c\n", []),
        ("specversion: 1.0\nid: a\nsource: /b\ntype: c\n", ["1:14 'specversion' must be text"]),
        ("specversion: '0.3'\nid: a\nsource: /b\ntype: c\n", ["1:14 'specversion' must be '1.0'"]),
        ("specversion: '1.0'\nid: ''\ntype: c\n", ["1:1 'source' is missing", "2:5 'id' must be"]),
    ],
)
def test_an_event_that_is_written_out(text: str, expected: list[str], tmp_path: Path) -> None:
    """An example of an event has all context attributes, as text."""
    found = findings(tmp_path, {"a.yaml": text})
    assert {finding.code for finding in found} <= {"CONTRACT_EVENT_ATTRIBUTE"}
    assert len(found) == len(expected)
    for finding, line in zip(found, expected, strict=True):
        place, _, message = line.partition(" ")
        assert str(finding.span) == f"a.yaml:{place}"
        assert message in finding.message
