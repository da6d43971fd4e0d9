"""OpenAPI documents: shape, version, references, operation ids and path parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.contracts import OPENAPI, findings, told

from plait.core.finding import Severity

ANSWER = "responses: {'200': {description: ok}}"
PARAMETER = "{name: id, in: path, required: true, schema: {type: string}}"
SOUND = f"""\
{OPENAPI}paths:
  /parcels/{{id}}:
    parameters:
      - $ref: '#/components/parameters/id'
    get:
      operationId: getParcel
      {ANSWER}
    put:
      operationId: putParcel
      parameters: [{{name: dry, in: query, schema: {{type: boolean}}}}]
      requestBody:
        content:
          application/json:
            schema: {{$ref: '#/components/schemas/Parcel'}}
            example: {{$ref: nowhere}}
          text/plain:
            examples: {{one: {{value: {{$ref: nowhere}}}}}}
      responses:
        '200':
          description: ok
          links: {{again: {{operationId: getParcel}}}}
      callbacks:
        moved:
          '{{$request.body#/url}}':
            post: {{operationId: parcelMoved, {ANSWER}}}
  /parcels/{{id}}/parts/{{part}}:
    parameters:
      - {PARAMETER}
    get:
      parameters:
        - {{name: part, in: path, required: true, schema: {{type: integer}}}}
      {ANSWER}
components:
  parameters:
    id: {PARAMETER}
  schemas:
    Parcel:
      type: object
      properties:
        $ref: {{type: string}}
        example: {{$ref: '#/components/schemas/Parcel/properties/a~1b~0c%20d'}}
        a/b~c d: {{type: string, $anchor: place, default: {{$ref: nowhere}}}}
        next: {{$ref: '#/components/schemas/Parcel'}}
        weight: {{type: integer, maximum: 9223372036854775807}}
        from: {{$ref: '#place'}}
"""


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.1.1", "3.2.0"])
def test_a_sound_document(version: str, tmp_path: Path) -> None:
    """References, parameters at both levels, callbacks, quoted data: nothing is found."""
    text = SOUND.replace("3.1.0", version)
    if version == "3.0.3":
        text = text.replace("{$ref: '#place'}", "{type: string}").replace(", $anchor: place", "")
    assert findings(tmp_path, {"api.yaml": text}) == []


def mended(old: str, new: str) -> str:
    """The sound document with one thing changed."""
    assert SOUND.count(old) == 1
    return SOUND.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "finding", "message"),
    [
        (
            "openapi: 3.1.0",
            "openapi: 3.3.0",
            "CONTRACT_OPENAPI_VERSION api.yaml:1:10",
            "here stands '3.3.0'",
        ),
        ("openapi: 3.1.0", "openapi: 3.1", "CONTRACT_OPENAPI_VERSION api.yaml:1:10", "stands 3.1"),
        ("openapi: 3.1.0", "opnapi: 3.1.0", "CONTRACT_OPENAPI_VERSION api.yaml:1:1", "is missing"),
        ("openapi: 3.1.0", "swagger: '2.0'", "CONTRACT_OPENAPI_VERSION api.yaml:1:10", "Swagger"),
        (
            "operationId: putParcel",
            "operationId: getParcel",
            "CONTRACT_OPERATION_TWICE api.yaml:11:20",
            "first at api.yaml:8:20",
        ),
        (
            "operationId: parcelMoved",
            "operationId: getParcel",
            "CONTRACT_OPERATION_TWICE api.yaml:27:33",
            "first at api.yaml:8:20",
        ),
        (
            "{again: {operationId: getParcel}}",
            "{again: {operationId: getParcl}}",
            "CONTRACT_OPERATION_UNKNOWN api.yaml:23:40",
            "'getParcl'",
        ),
        (
            "/parcels/{id}/parts/{part}",
            "/parcels/{id}/parts/{part}/{page}",
            "CONTRACT_PARAMETER_MISSING api.yaml:31:5",
            "{page} of",
        ),
        (
            "/parcels/{id}/parts/{part}",
            "/parcels/{id}/parts",
            "CONTRACT_PARAMETER_UNUSED api.yaml:33:11",
            "'part'",
        ),
        (
            "/parcels/{id}/parts/{part}",
            "/parcels/parts/{part}",
            "CONTRACT_PARAMETER_UNUSED api.yaml:30:9",
            "'id'",
        ),
        (
            "  /parcels/{id}/parts/{part}:",
            "  /parcels/{key}: {}\n  /parcels/{id}/parts/{part}:",
            "CONTRACT_PATH_TWICE api.yaml:28:3",
            "api.yaml:4:3",
        ),
        (
            "'#/components/parameters/id'",
            "'#/components/parameters/it'",
            "CONTRACT_REF_MISSING api.yaml:6:15",
            "nothing at #/components/parameters/it",
        ),
        (
            "{$ref: '#/components/schemas/Parcel'}\n            example",
            "{$ref: '#/components/schemas/Parcels'}\n            example",
            "CONTRACT_REF_MISSING api.yaml:16:28",
            "#/components/schemas/Parcels",
        ),
    ],
)
def test_one_mistake(old: str, new: str, finding: str, message: str, tmp_path: Path) -> None:
    """One mistake is one error, at its place."""
    found = findings(tmp_path, {"api.yaml": mended(old, new)})
    assert told(found) == [f"error {finding}"]
    assert message in found[0].message
    assert found[0].hint


@pytest.mark.parametrize(
    ("reference", "code", "message"),
    [
        ("#palce", "MISSING", "no anchor 'palce'"),
        ("#components/schemas/Parcel", "MISSING", "no anchor"),
        ("Place", "MISSING", "no file 'Place'"),
        ("../x.yaml", "OUTSIDE", "leaves the repository"),
        ("/x.yaml", "OUTSIDE", "leaves the repository"),
        ("file:///x.yaml", "OUTSIDE", "leaves the repository"),
        ("%00", "MISSING", "no file '%00'"),
        ("#/paths/~1parcels~1{id}/parameters/1", "MISSING", "parameters/1"),
        ("#/paths/~1parcels~1{id}/parameters/00", "MISSING", "parameters/00"),
    ],
)
def test_one_reference(reference: str, code: str, message: str, tmp_path: Path) -> None:
    """A reference that leads nowhere, or out of the repository, is one error."""
    text = mended("$ref: '#place'", f"$ref: '{reference}'")
    found = findings(tmp_path, {"api.yaml": text})
    assert told(found) == [f"error CONTRACT_REF_{code} api.yaml:47:22"]
    assert message in found[0].message
    assert found[0].hint


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("body", "finding", "hint"),
    [
        ("{responses: {'200': {description: a, contnt: {}}}}", "4:50 'contnt'", "'content'"),
        ("{responses: {'200': {description: 3}}}", "4:47 must be text", "in quotes"),
        (f"{{operationID: a, {ANSWER}}}", "4:14 'operationID'", "'operationId'"),
        (
            f"{{parameters: [{{name: a, in: quary, schema: {{}}}}], {ANSWER}}}",
            "4:41 'quary'",
            "'query'",
        ),
        (
            "{responses: {'200': {description: a, content: {a/b: {schema: {type: integr}}}}}}",
            "4:81 'integr'",
            "'integer'",
        ),
        (
            "{responses: {'200': {description: a, content: {a/b: {schema:"
            " {type: object, properties: {a: {minLength: -1}}}}}}}}",
            "4:117 -1",
            "",
        ),
    ],
)
def test_what_the_version_forbids(
    version: str, body: str, finding: str, hint: str, tmp_path: Path
) -> None:
    """A misspelt key or a wrong value is one error at its own place, however deep it stands."""
    text = f"{OPENAPI.replace('3.1.0', version)}paths:\n  /a: {{get: {body}}}\n"
    found = findings(tmp_path, {"api.yaml": text})
    place, _, message = finding.partition(" ")
    assert [f"{each.code} {each.span}" for each in found] == [
        f"CONTRACT_OPENAPI_SHAPE api.yaml:{place}"
    ]
    assert message in found[0].message
    assert hint in found[0].hint


def test_what_is_missing(tmp_path: Path) -> None:
    """A missing field stands where it should be; `where` is a pointer to it."""
    text = f"{OPENAPI.replace('3.1.0', '3.0.3')}paths:\n  /a~b:\n    get:\n      summary: x\n"
    (finding,) = findings(tmp_path, {"api.yaml": text})
    assert told([finding]) == ["error CONTRACT_OPENAPI_SHAPE api.yaml:6:7"]
    assert finding.message == "field 'responses' is missing"
    assert finding.where == "#/paths/~1a~0b/get"
    assert finding.hint == "add responses"


def test_an_unknown_section(tmp_path: Path) -> None:
    """A misspelt section of the components is one finding, whatever it holds."""
    text = f"{OPENAPI}components:\n  schema:\n    A: {{type: object}}\n    B: {{type: object}}\n"
    (finding,) = findings(tmp_path, {"api.yaml": text})
    assert told([finding]) == ["error CONTRACT_OPENAPI_SHAPE api.yaml:4:3"]
    assert finding.hint == "did you mean 'schemas'?"


def test_thousands_of_mistakes(tmp_path: Path) -> None:
    """Of each kind of mistake as many are told as a person reads."""
    paths = "".join(
        f"  /a{number}/{{id}}:\n    get: {{operationId: a, responses: {{'200': {{x: 1}}}}}}\n"
        for number in range(3000)
    )
    found = findings(tmp_path, {"api.yaml": f"{OPENAPI}paths:\n{paths}"})
    assert len(found) == 150
    assert {finding.code for finding in found} == {
        "CONTRACT_OPERATION_TWICE",
        "CONTRACT_OPENAPI_SHAPE",
        "CONTRACT_PARAMETER_MISSING",
    }


PARTS = {
    "api/api.yaml": f"{OPENAPI}paths:\n  /a/{{id}}: {{$ref: 'parts/paths.yaml#/a'}}\n",
    "api/parts/paths.yaml": (
        f"a:\n  parameters: [{{$ref: '../shared.json#/id'}}]\n  get: {{{ANSWER}}}\n"
        f"  put: {{operationId: b, {ANSWER}}}\n"
    ),
    "api/shared.json": (
        '{"id": {"name": "id", "in": "path", "required": true,'
        ' "schema": {"$ref": "#/text"}}, "text": {"type": "string"}}'
    ),
}


def test_other_files(tmp_path: Path) -> None:
    """References lead through files, and what these hold counts for the document."""
    assert findings(tmp_path, PARTS, only=["api/api.yaml"]) == []


def test_what_is_wrong_in_other_files(tmp_path: Path) -> None:
    """A reference that leads nowhere has its place in the file that it stands in."""
    parts = {**PARTS, "api/shared.json": PARTS["api/shared.json"].replace("#/text", "#/txt")}
    found = findings(tmp_path, parts, only=["api/api.yaml"])
    assert told(found) == ["error CONTRACT_REF_MISSING api/shared.json:1:74"]
    assert found[0].hint == "did you mean 'text'?"
    parts["api/parts/paths.yaml"] = "a: [\n"
    found = findings(tmp_path, parts, only=["api/api.yaml"])
    assert told(found) == ["error CONTRACT_SYNTAX api/parts/paths.yaml:1:5"]


def test_an_operation_id_of_another_file(tmp_path: Path) -> None:
    """Ids are compared across the files of one document."""
    parts = dict(PARTS)
    parts["api/api.yaml"] += f"  /b:\n    get: {{operationId: b, {ANSWER}}}\n"
    (finding,) = findings(tmp_path, parts, only=["api/api.yaml"])
    assert told([finding]) == ["error CONTRACT_OPERATION_TWICE api/api.yaml:6:24"]
    assert "first at api/parts/paths.yaml:4:22" in finding.message


def test_files_that_refer_to_one_another(tmp_path: Path) -> None:
    """Circles between files end."""
    files = {
        "a.yaml": f"{OPENAPI}components:\n  schemas:\n    A: {{$ref: 'b.yaml#/B'}}\n",
        "b.yaml": "B: {$ref: 'a.yaml#/components/schemas/A'}\n",
    }
    assert findings(tmp_path, files) == []


def test_a_link_out_of_the_repository(tmp_path: Path) -> None:
    """A symbolic link that leads out is not followed."""
    (tmp_path / "secret.yaml").write_text("A: {type: string}\n")
    root = tmp_path / "repository"
    root.mkdir()
    (root / "near.yaml").symlink_to("../secret.yaml")
    text = f"{OPENAPI}components:\n  schemas:\n    A: {{$ref: 'near.yaml#/A'}}\n"
    found = findings(root, {"a.yaml": text})
    assert told(found) == ["error CONTRACT_REF_OUTSIDE a.yaml:5:15"]


def test_the_network_is_left_alone(tmp_path: Path) -> None:
    """A reference to the network is told, never fetched."""
    text = f"{OPENAPI}components:\n  schemas:\n    A: {{$ref: 'https://a.example/b.yaml#/B'}}\n"
    (finding,) = findings(tmp_path, {"a.yaml": text})
    assert told([finding]) == ["info CONTRACT_REF_REMOTE a.yaml:5:15"]
    assert finding.severity is Severity.INFO


def test_a_reference_that_is_no_text(tmp_path: Path) -> None:
    """A `$ref` must be text."""
    text = f"{OPENAPI}components:\n  schemas:\n    A: {{$ref: 3}}\n"
    codes = [finding.code for finding in findings(tmp_path, {"a.yaml": text})]
    assert "CONTRACT_REF_MISSING" in codes
