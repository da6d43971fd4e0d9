"""Secrets are struck out of what is written, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from plait.engine.secrets import secret_texts, without_secrets
from plait.ports import Deviation
from plait.process.redaction import MASK, Lines, Redaction

# Made up here, in the form of each kind; joined so that no scanner takes them for real.
KEYS = {
    "anthropic": "sk-" + "ant-api03-" + "a1B2c3D4" * 11 + "-AA",
    "openai": "sk-" + "proj-" + "Zx9Yw8Vu" * 6,
    "google": "AI" + "za" + "Sy0123456789abcdefghijklmnopqrstu-_",
    "aws": "AK" + "IA" + "IOSFODNN7EXAMPLE",
    "github": "gh" + "p_" + "0123456789abcdefghijABCDEFGHIJ012345",
    "github fine-grained": "github" + "_pat_" + "11ABCDEFG0abcdefghijkl_mnop",
    "gitlab": "gl" + "pat-" + "abcdefghij0123456789",
    "slack": "xo" + "xb-" + "1234567890-abcdef",
    "hugging face": "h" + "f_" + "abcdefghijklmnopqrstuvwxyz01234567",
    "groq": "gs" + "k_" + "abcdefghij0123456789" * 2,
    "npm": "np" + "m_" + "abcdefghij0123456789abcdefghij012345",
    "signed": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVm",
}
PRIVATE = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE" + " KEY-----"


def clean(text: str, *values: str) -> str:
    """The text without secrets."""
    return Redaction([each.encode() for each in values]).clean(text.encode()).decode()


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(
    "around", ["{}", "key={}", '"{}",', "a\n{}\nb", r"{{\"k\": \"{}\"}}", r"line\n{}\nline", "({})"]
)
def test_a_key_is_known_by_its_form(key, around):
    """Wherever it stands: in a line of its own, in JSON, in JSON in JSON, after an escape."""
    told = clean(around.format(key))
    assert told == around.format(MASK.decode())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abcdef0123456789XYZ", "Authorization: Bearer [redacted]"),
        ('{"a":"bearer abcdef0123456789.x=="}', '{"a":"bearer [redacted]"}'),
        ("authorization: Basic dXNlcjpwYXNzd29yZDEy", "authorization: Basic [redacted]"),
        ('"x-api-key": "0123456789abcdef"', '"x-api-key": "[redacted]"'),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPx", "aws_secret_access_key = [redacted]"),
        ("git clone https://ada:s3cret@example.org/x", "git clone https://ada:[redacted]@example.org/x"),
    ],
)  # fmt: skip
def test_what_stands_behind_a_label_is_struck_out(text, left):
    """Headers, settings, addresses: the label stays."""
    assert clean(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "a task-list-of-things-to-do-on-2024-01-01 and disk-usage-of-all-the-machines-4",
        "sk-dummy",
        "class sk-folding-cube-with-a-long-name",
        "https://example.org/a:b@c and http://localhost:8080/x",
        "The bearer of bad news; Bearer authentication is required",
        "-----BEGIN CERTIFICATE-----\nMIIEow\n-----END CERTIFICATE-----",
        "eyJ is how JSON begins in base64",
    ],
)
def test_what_is_no_secret_stays(text):
    """Words that look a little like one."""
    assert clean(text) == text


def test_a_private_key_is_struck_out_over_lines_and_in_a_text():
    """To its end mark; in a JSON text, whose end may be cut off, to the text's end."""
    assert clean(f"a\n{PRIVATE}\nb") == "a\n[redacted]\nb"
    told = json.loads(clean(json.dumps({"a": PRIVATE[:40], "b": 1})))
    assert told == {"a": "[redacted]", "b": 1}
    lines = Lines(Redaction())
    out = b"".join(lines.feed(f"{line}\n".encode()) for line in f"a\n{PRIVATE}\nb".split("\n"))
    assert out == b"a\n[redacted]\nb\n"


@given(st.data())
def test_a_stream_is_redacted_however_it_is_cut(data):
    """Whatever pieces it comes in, no key is left, and the rest arrives whole and in order."""
    text = f"begin {KEYS['anthropic']}\nmiddle tell-nobody 1\n\nend {KEYS['github']}".encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    lines = Lines(Redaction([b"tell-nobody"]))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    out = b"".join(lines.feed(piece) for piece in pieces if piece) + lines.rest()
    assert out == b"begin [redacted]\nmiddle [redacted] 1\n\nend [redacted]"


def test_an_endless_line_is_not_held_for_ever():
    """All but its end is passed on, and a key at any place in it is found."""
    lines = Lines(Redaction())
    fed = [b"x" * 9000 + b" ", KEYS["openai"].encode(), b" " + b"y" * 9000]
    out = b"".join(lines.feed(each, most=8192) for each in fed) + lines.rest()
    assert out == b"x" * 9000 + b" [redacted] " + b"y" * 9000


def test_which_variables_are_secret():
    """Those that the adapter names, and those whose names say so; no names of files, no words."""
    env = {
        "MODEL_AUTH": "quite-secret",
        "SOME_API_KEY": "abc12345",
        "GITHUB_TOKEN": 'with"quote 1',
        "TLS_KEY": "/etc/ssl/key.pem",
        "DB_PASSWORD": "postgres",
        "MAX_TOKENS": "4096000000",
        "HOME": "/home/ada-12345678",
    }
    texts = secret_texts(env, ["MODEL_AUTH"])
    assert {"quite-secret", "abc12345", 'with"quote 1', r"with\"quote 1"} <= set(texts)
    told = json.dumps(env)
    for text in texts:
        told = told.replace(text, "")
    assert all(each in told for each in ("/etc/ssl/key.pem", "postgres", "4096", "ada-12345678"))
    assert "quote" not in told


def test_secrets_are_struck_out_of_values():
    """Of every text in them; what holds none is the same."""
    told = Deviation(summary="uses hidden-1 now", affects=("a", "b-hidden-1"))
    assert without_secrets(told, ["hidden-1"]) == Deviation(
        summary="uses [redacted] now", affects=("a", "b-[redacted]")
    )
    assert without_secrets({"a": [1, None, "x"]}, ["hidden-1"]) == {"a": [1, None, "x"]}
