"""Paths that a description names without writing them: "… using `a.py`", "based on `b.md`".

A rule of words alone: what stands directly behind a word of reading is read. "Remove it from
`a.py`" writes, so "from" counts only where nothing is taken out of a file, or handed on.
"""

from __future__ import annotations

import re

_TICKED = r"`[^`\n]{1,300}`"
_PATH = (
    r"(?:\[[^\[\]\n]{0,200}\]\([^()\n]{0,300}\)"
    rf"|{_TICKED}(?:[ \t]?[,/&+、][ \t]?{_TICKED}){{0,9}})"
)
_ARTICLE = (
    r"(?:[ \t]{1,8}(?:the|an?|our|its|existing|same|shared|current))?"
    r"(?:[ \t]{1,8}\w{1,20})?[ \t]{1,8}"
)
_BEFORE = re.compile(
    r"\b(?:pointing (?:at|to)|us(?:e|es|ing)|per|see|following|based on|mirroring|reading|reads|"
    r"(?:similar|identical) to|like|import(?:s|ing)|imported from|consum(?:es|ing)|reus(?:es|ing)|"
    rf"same as|matching|via|according to){_ARTICLE}{_PATH}"
    rf"|\b(?:usando|sobre|según|segundo|conforme|vía|desde|basado en|baseado em|selon|gemäß)"
    rf"{_ARTICLE}{_PATH}"
    rf"|(?:参考|参照|依照|根据|基于|依赖|使用|详见)[ \t]?{_PATH}"
    rf"|{_PATH}[ \t]?(?:を参照|に基づ|に従|を使|를 참|을 참|기반)",
    re.IGNORECASE,
)
_ASIDE = re.compile(rf"[(（](?P<first>[^()（）`\n]{{0,200}}){_TICKED}[^()（）\n]{{0,400}}[)）]")  # noqa: RUF001
_ALSO = re.compile(
    r"\W{0,3}(?:(?:also|and|as well as|both|e|et|new|plus|und|with|y)\W{0,3})?", re.IGNORECASE
)
_FROM = re.compile(rf"\bfrom{_ARTICLE}{_PATH}", re.IGNORECASE)
_TAKES = re.compile(
    r"\b(?:clear|delet|deprecat|drop|eliminat|export|expos|extract|mov|migrat|purg|re-?export|"
    r"refactor|remov|renam|separat|split|strip|unregister)\w{0,5}\b",
    re.IGNORECASE,
)


def without_mentions(text: str) -> str:
    """A description without the paths that it only reads.

    Args:
        text: One description, or one line of it.
    """
    text = _BEFORE.sub(" ", _aside(text))
    return text if _TAKES.search(text) else _FROM.sub(" ", text)


def _aside(text: str) -> str:
    """A text without the notes in brackets that name a path, where it names one outside of them."""
    rest = _ASIDE.sub(lambda note: note[0] if _ALSO.fullmatch(note["first"]) else "", text)
    return rest if re.search(_TICKED, rest) else text
