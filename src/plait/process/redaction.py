"""Secrets struck out of what is written down: values that are known, and keys by their form.

It works on bytes and imports next to nothing, for the shim starts with it. What looks like a key
is found by a text that all keys of that kind begin with. Keys are long: such texts are looked for
in the long runs of letters and digits alone, which are a small part of most output.
"""

from __future__ import annotations

from plait.process.key_forms import BLOB, LABELS, NAMES, PREFIXES, TOKEN, WORD

TYPE_CHECKING = False  # the typing module costs a start too much
if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = b"[redacted]"
MOST_KEY = 8192  # bytes of one key
_DIGITS = b"0123456789"
_BEGIN, _PRIVATE, _END = b"-----BEGIN ", b"PRIVATE KEY", b"-----END "

_BETWEEN = b" \t:='\"\\>"
_EQUALS = frozenset(b":=")
_LABELLED = 16
_MOST_BLOCK = 32 * 1024  # bytes of one private key: beyond them it is none that goes on for ever
_SHORTEST = min(len(prefix) + least for prefix, least, _ in PREFIXES)
_APART = bytes(each if each in TOKEN + b"." else 32 for each in range(256))
_PIECES = bytes(each if each in WORD else 32 for each in range(256))
_PIECE = 12  # characters without a break, of which a secret has so many and a name has not


class Redaction:
    """What is struck out: these values, and what looks like a key."""

    __slots__ = ("_left", "_named", "_values", "block")

    def __init__(self, values: Iterable[bytes] = (), *, named: bool = True) -> None:
        """Take the values, longest first: one may be a part of another.

        Args:
            values: What is struck out wherever it stands.
            named: Also what is no word behind a name like `password` or `api_key`.
        """
        self._values = sorted({each for each in values if each}, key=len, reverse=True)
        self._named = named
        self._left = 0
        self.block = False  # in the middle of a private key

    def clean(self, data: bytes) -> bytes:
        """The same without secrets. A private key may go on in what is given next."""
        for value in self._values:
            if value in data:
                data = data.replace(value, MASK)
        if self.block or _BEGIN in data:
            data = self._without_blocks(data)
        runs = data.translate(_APART).split()
        long = b" ".join([each for each in runs if len(each) >= _SHORTEST])
        for prefix, least, chars in PREFIXES:
            if prefix in long:
                data = _without_keys(data, prefix, least, chars)
        lower = data.lower()
        for label in LABELS:
            if label in lower:
                data = _without_labelled(data, label)
                lower = data.lower()
        for name in NAMES if self._named and long else ():
            if name in lower:
                data = _without_named(data, name)
                lower = data.lower()
        return _without_passwords(data) if b"://" in data else data

    def _without_blocks(self, data: bytes) -> bytes:
        """Without private keys. One in a JSON text ends with the text at the latest."""
        kept: list[bytes] = []
        at = 0
        while True:
            if not self.block:
                begin = data.find(_BEGIN, at)
                while begin >= 0 and _PRIVATE not in data[begin : begin + 48]:
                    begin = data.find(_BEGIN, begin + 1)  # a certificate, a public key
                if begin < 0:
                    return b"".join((*kept, data[at:]))
                kept += [data[at:begin], MASK]
                self.block, at, self._left = True, begin + len(_BEGIN), _MOST_BLOCK
            end, quote = data.find(_END, at), data.find(b'"', at)
            if quote >= 0 and (end < 0 or quote < end):
                self.block, at = False, quote
            elif end >= 0:
                close = data.find(b"-----", end + len(_END))
                self.block, at = False, len(data) if close < 0 else close + 5
            elif len(data) - at > self._left:
                self.block, at = False, at + self._left
            else:
                self._left -= len(data) - at
                return b"".join(kept)


class Lines:
    """A stream redacted as it comes: what is written is whole lines, so that no key is cut."""

    __slots__ = ("_held", "_redaction", "_size")

    def __init__(self, redaction: Redaction) -> None:
        """Hold nothing yet."""
        self._redaction = redaction
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes, *, most: int = 4 << 20) -> bytes:
        """What can be written now. Of a line above `most` bytes all but its end is."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._held.append(data)
            self._size += len(data)
            return self._overflow() if self._size > most else b""
        whole = b"".join((*self._held, data[:end]))
        self._held = [data[end:]] if end < len(data) else []
        self._size = len(data) - end
        return self._redaction.clean(whole)

    def rest(self) -> bytes:
        """What is left when nothing more comes."""
        data, self._held, self._size = b"".join(self._held), [], 0
        return self._redaction.clean(data)

    def _overflow(self) -> bytes:
        data = self._redaction.clean(b"".join(self._held))
        self._held, self._size = [data[-MOST_KEY:]], MOST_KEY
        return data[:-MOST_KEY]


def _length(data: bytes, at: int, chars: bytes) -> int:
    """How many bytes of these stand there."""
    piece = data[at : at + MOST_KEY]
    return len(piece) - len(piece.lstrip(chars))


def _telling(data: bytes) -> bool:
    """Whether it is a key and no word: keys hold digits."""
    return len(data.translate(None, _DIGITS)) < len(data)


def _without_keys(data: bytes, prefix: bytes, least: int, chars: bytes) -> bytes:
    kept, done, at = [], 0, data.find(prefix)
    while at >= 0:
        begin = at + len(prefix)
        length = _length(data, begin, chars)
        key = data[begin : begin + length]
        if length >= least and _telling(key) and _is_key(data, at, prefix, key):
            kept += [data[done:at], MASK]
            done = begin = begin + length
        at = data.find(prefix, begin)
    return b"".join((*kept, data[done:])) if kept else data


def _is_key(data: bytes, at: int, prefix: bytes, key: bytes) -> bool:
    if prefix == b"eyJ":
        return key.count(b".") >= 2  # noqa: PLR2004 - head, body, signature
    if prefix != b"sk-" or data[at - 1 : at] not in _LETTERS or at == 0:
        return True
    # `task-…`, `disk-…`; but the letter may belong to an escape: \nsk-…
    escape = data[max(0, at - 8) : at]
    return b"\\" in escape or b"\x1b" in escape or max(map(len, key.split(b"-"))) > 20  # noqa: PLR2004


def _without_labelled(data: bytes, label: bytes) -> bytes:
    lower = data.lower()
    kept, done, at = [], 0, lower.find(label)
    while at >= 0:
        begin = at + len(label)
        begin += _length(data, begin, _BETWEEN)
        length = _length(data, begin, BLOB)
        if length >= _LABELLED and _telling(data[begin : begin + length]):
            kept += [data[done:begin], MASK]
            done = begin = begin + length
        at = lower.find(label, begin)
    return b"".join((*kept, data[done:])) if kept else data


def _without_named(data: bytes, name: bytes) -> bytes:
    lower = data.lower()
    kept, done, at = [], 0, lower.find(name)
    while at >= 0:
        begin = at + len(name)
        if data[begin : begin + 1].islower() and data[begin : begin + 1] != b"s":  # secretary
            at = lower.find(name, begin)
            continue
        begin += _length(data, begin, TOKEN)  # SECRET_KEY_BASE, secrets
        between = _length(data, begin, _BETWEEN)
        tells = not _EQUALS.isdisjoint(data[begin : begin + between])
        begin += between
        length = _length(data, begin, BLOB) if tells else 0
        if length >= _LABELLED and _random(data[begin : begin + length]):
            kept += [data[done:begin], MASK]
            done = begin = begin + length
        at = lower.find(name, begin)
    return b"".join((*kept, data[done:])) if kept else data


def _random(value: bytes) -> bool:
    """Whether it is no word, no name, no path: a long piece of it mixes letters and digits."""
    for piece in value.translate(_PIECES).split():
        digits = len(piece) - len(piece.translate(None, _DIGITS))
        if len(piece) >= _PIECE and 1 < digits < len(piece):
            return True
    return False


def _without_passwords(data: bytes) -> bytes:
    """Without the passwords of addresses: `https://user:password@host`."""
    kept, done, at = [], 0, data.find(b"://")
    while at >= 0:
        begin = at + 3
        length = _length(data, begin, TOKEN + b".%+:~!$&*()=,")
        name, colon, word = data[begin : begin + length].partition(b":")
        if colon and word and data[begin + length : begin + length + 1] == b"@":
            kept += [data[done : begin + len(name) + 1], MASK]
            done = begin + length
        at = data.find(b"://", begin + length)
    return b"".join((*kept, data[done:])) if kept else data


_LETTERS = frozenset(bytes((each,)) for each in WORD)
