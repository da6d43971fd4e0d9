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


# The text that each further form begins with, and of what it consists.
FURTHER = {
    "GOCSPX-": "aB3d" * 7,
    "SG.": "aB3dE" * 4 + "." + "fG6hI" * 8,
    "dop_v1_": "0a1b2c3d" * 8,
    "hvs.": "CAESI" + "aB3dE" * 5,
    "dapi": "0a1b2c3d" * 4,
    "shpat_": "0a1b2c3d" * 4,
    "sq0csp-": "aB3d_" * 9,
    "xoxa-": "2-1234567890",
    "lin_api_": "aB3dE" * 8,
    "ntn_": "aB3dE" * 9,
    "glrt-": "aB3dE" * 4,
    "dckr_pat_": "aB3dE" * 6,
    "rubygems_": "0a1b2c3d" * 6,
    "tskey-": "auth-aB3dE" * 3,
    "AGE-SECRET-KEY-1": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2,
    "pscale_": "tkn_" + "aB3dE" * 8,
    "sntryu_": "0a1b2c3d" * 8,
    "nvapi-": "aB3dE" * 12,
    "atlasv1.": "aB3dE" * 13,
    "LTAI": "5tAbCdEfGh12345678",
}


@pytest.mark.parametrize("begin", FURTHER)
@pytest.mark.parametrize("around", ["{}", "X={}", r"{{\"k\": \"{}\"}}", r"a\n{}\nb", "a {} b"])
def test_further_forms_are_known(begin, around):
    """Those of registries, clouds, payments, chat; a word that only begins so is none."""
    assert clean(around.format(begin + FURTHER[begin])) == around.format(MASK.decode())
    assert clean(around.format(begin + "word")) == around.format(begin + "word")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('api_key = "k9Fj3mQ8xzT5vB7nL2pR"', 'api_key = "[redacted]"'),
        ("SECRET_KEY_BASE=0f9e8d7c6b5a49382716051423324150", "SECRET_KEY_BASE=[redacted]"),
        (r'{\"clientSecret\": \"Zx71mNv5BtRy2Wc4Ee6H\"}', r'{\"clientSecret\": \"[redacted]\"}'),
        ("Password: hunter2Hunter2Hunter2", "Password: [redacted]"),
        ("access_token: 550e8400-e29b-41d4-a716-44665544000a", "access_token: [redacted]"),
        ("//a.example/:_authToken=a1b2c3d4e5f6a7b8c9", "//a.example/:_authToken=[redacted]"),
    ],
)  # fmt: skip
def test_what_is_no_word_behind_the_name_of_a_secret_is_struck_out(text, left):
    """In whatever case, in settings and in JSON; diffs are judged without that."""
    assert clean(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "secret_key = os.environ.get_secret_2",
        "password: /run/secrets/database/password_1",
        '"password": "correct-horse-battery-staple-42"',
        "api_key=settings.providers.openai_api_key_v2",
        '{"input_tokens": 123456789012345678, "secretary": "a1b2c3d4e5f6a7b8"[0]}',
        "the secret of 0f9e8d7c6b5a49382716051423324150",
        "password = getpass.getpass()",
        '"id": "toolu_01XFDUDYJgAACzvnptvVoYEL", "session": "550e8400-e29b-41d4-a716-446655440000"',
    ],
)
def test_names_and_paths_behind_such_a_name_stay(text):
    """Code that handles secrets is no secret; nor is what has no such name before it."""
    assert clean(text) == text


def test_a_name_of_a_secret_is_left_alone_where_that_is_asked():
    """As the judges of diffs do, who have a judgement of their own of it."""
    text = b'api_key = "k9Fj3mQ8xzT5vB7nL2pR"'
    assert Redaction(named=False).clean(text) == text


def test_a_private_key_without_an_end_takes_little_with_it():
    """A text that only mentions one goes on in the log."""
    lines = Lines(Redaction())
    begin = PRIVATE.partition("\n")[0]
    text = f"grep: {begin}\n" + "a line of a log\n" * 8000
    out = b"".join(lines.feed(text[at : at + 5000].encode()) for at in range(0, len(text), 5000))
    assert out.startswith(b"grep: [redacted]")
    assert 0 < len(text) - len(out) < 40_000
    assert out.endswith(b"a line of a log\n")


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
