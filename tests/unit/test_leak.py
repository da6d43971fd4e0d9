"""Secrets that a change would put into the history: which lines hold one, and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from plait.core.leak import MOST, Leak, leaks
from plait.process import Redaction

PLAIN = "x = 1\n"


def found(after: str, before: str | None = PLAIN) -> tuple[Leak, ...]:
    """What is found in a new text, with the forms that are struck out elsewhere."""
    return leaks(before, after, Redaction(named=False).clean)


@pytest.mark.parametrize(
    "line",
    [
        "key = 'AKIA" + "QX7PLM2ZRTB4WQ9K'",
        "token: ghp_" + "a8Kd93jsLq0Zx71mNv5BtRy2Wc4Ee6Hh8Jk1",
        "OPENAI=sk-proj-" + "9fK2mQ8xV4tL7zR1wY6bN3cD5gH0jS",
        '"slack": "xoxb-' + '2384923849-fk3j4kfj39fj"',
        "curl -H 'Authorization: Bearer " + "f93kd8sl20dk3md93kfl'",
        "aws_secret_access_key = " + "wJalrXUtnFEMI9K7MDENGbPxRfiCYzzQ12zz3K9d",
        "DATABASE_URL=postgres://app:" + "k9Fj3mQ8xz@db.prod.internal.net/app",
        "glpat-" + "x8Kd93jsLq0Zx71mNv5B",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA",
    ],
)
def test_a_key_in_a_new_line_is_certain(line):
    """By its form, whatever it is called; a key of several lines is told once."""
    (leak,) = found(f"{PLAIN}\n{line}\n")
    assert (leak.line, leak.certain) == (3, True)
    assert leak.column >= 1


@pytest.mark.parametrize(
    "line",
    [
        "API_KEY = 'k9Fj3mQ8xzT5vB7nL2pR'",
        '"client_secret": "Zx71mNv5BtRy2Wc4Ee6H",',
        "password: `f93kd8sl20dk3m`",
    ],
)
def test_a_text_behind_a_telling_name_is_one_perhaps(line):
    """Which is told, and is no certain one."""
    (leak,) = found(line)
    assert not leak.certain


@pytest.mark.parametrize(
    "line",
    [
        "key = 'AKIAIOSFODNN7EXAMPLE'",
        "api_key = 'your-api-key-goes-here-123'",
        "password = os.environ['DB_PASSWORD_2']",
        'token = "${GITHUB_TOKEN_1}"',
        "url = 'postgres://postgres:postgres@localhost:5432/test'",
        "url = 'postgres://app:s3cretpass99@localhost/test'",
        "url = 'https://user:password@example.com'",
        "secret = 'my-secret-name'",
        "token_path = '/etc/app/v1/token2/file'",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIDXTCC1\n-----END CERTIFICATE-----",
        "sha = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'",
        "task-0123456789-abcdefghij-0123456789",
        "def test_api_key_is_required(): ...",
    ],
)
def test_what_is_no_secret_is_not_told(line):
    """Placeholders, public examples, servers of tests, names, hashes, public keys."""
    assert found(line) == ()


def test_lines_that_were_there_are_not_the_changes():
    """Moved they are not either; written a second time they are."""
    line = "token: ghp_" + "a8Kd93jsLq0Zx71mNv5BtRy2Wc4Ee6Hh8Jk1"
    assert found(f"a\n{line}\n", f"{line}\nb\n") == ()
    assert [each.line for each in found(f"{line}\n{line}\n", f"{line}\n")] == [2]
    assert found("", line) == ()
    assert leaks(None, None, Redaction(named=False).clean) == ()
    assert len(found(f"{line}\n", None)) == 1


def test_the_place_is_that_of_the_secret():
    """Line and column, both from 1."""
    (leak,) = found("a\nkey = ghp_" + "a8Kd93jsLq0Zx71mNv5BtRy2Wc4Ee6Hh8Jk1")
    assert (leak.line, leak.column) == (2, 7)
    (leak,) = found("u = 'https://bob:" + "k9Fj3mQ8xz@host.net'")
    assert (leak.line, leak.column, leak.what) == (1, 18, "a password in an address")


def test_the_secret_itself_is_not_told():
    """A finding is written down; what it is about must not be."""
    secret = "a8Kd93jsLq0Zx71mNv5BtRy2Wc4Ee6Hh8Jk1"
    assert not any(secret in str(each) for each in found(f"token: ghp_{secret}"))


def test_no_more_are_told_than_anyone_reads():
    """Fifty of one file."""
    key = "ghp_a8Kd93jsLq0Zx71mNv5BtRy2Wc4Ee6Hh8"
    assert len(found("\n".join(f"{key}{n}" for n in range(200)))) == MOST


@settings(max_examples=60)
@given(st.text(max_size=400), st.text(max_size=100))
def test_no_text_breaks_it(after, before):
    """Whatever a commit holds."""
    for each in found(after, before):
        lines = after.split("\n")
        assert 1 <= each.line <= len(lines)
        assert 1 <= each.column <= len(lines[each.line - 1]) + 1
