"""Paths that a task's prose names as what it writes, as globs of a scope.

A guess made of plain rules: better one path too few (a write outside an inferred scope is only
told of) than a word taken for a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from plait.plans.mentions import without_mentions

_TICKED = re.compile(r"`([^`\n]{1,300})`")
# A word of a list; braces hold their commas ("ui/{a,b}.ts").
_BARE = re.compile(r"(?:\{[^{}\s`]{0,200}\}|[^\s,;`（）、，；「」]){1,300}")  # noqa: RUF001
_ALLOWED = re.compile(r"[\w.@+\-/*?()\[\]{},#$%=]+")
_BRACE = re.compile(r"([^{}]*)\{([^{}]*)\}([^{}]*)")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|io|net|dev|in|ai)")
_LINE = re.compile(r"(?::[0-9]{1,9}){1,3}$")
_BLANK = re.compile(  # what only the doing tells: `migrations/[timestamp]_users.sql`
    r"[\[<{](?:timestamp|date|datetime|number|seq)[\]>}]|YYYYMMDD(?:HHMMSS)?|X{3,12}|N{3,12}",
)
_ROOTED = re.compile(  # "/src/a.py": the root that is meant is the repository's
    r"/(?:apps?|components|docs|e2e|lib|packages|scripts|server|src|tests?|__tests__)/"
)
_DIRECTORY = re.compile(
    r"[^\w,;]{0,9}(?:\w{1,60}[^\w,;]{1,9})?(?:director(?:y|ies)|folders?|packages?)\b(?![.-])",
    re.IGNORECASE,
)
_LEAD = re.compile(  # an id and what labels follow it: "1.2 ", "**T004** [P] [US1] "
    r"[*_ \t]{0,4}(?:Task[ \t]+)?[A-Z]{0,4}-?[0-9]{1,5}(?:[.][0-9]{1,4}){0,4}[a-z]?[.:)]?[*_]{0,3}"
    r"(?=[ \t])[ \t]*(?:\[[^\]\n]{0,12}\][ \t]*|\(P\)[ \t]*){0,4}"
)
_WRITES = re.compile(
    r"(?:add|adjust|append|apply|author|bootstrap|build|change|configure|convert|copy|correct|"
    r"create|define|delete|disable|document|draft|edit|enable|enhance|expose|extend|extract|fix|"
    r"generate|implement|initiali[sz]e|integrate|introduce|migrate|modify|move|optimi[sz]e|port|"
    r"put|refactor|register|remove|rename|replace|rewrite|scaffold|set up|setup|split|update|"
    r"wire|write)\b"
    r"|in(?= `[^`\n]{1,200}`[,:])"
    r"|(?:actualizar|adicionar|agregar|ajouter|alterar|añadir|atualizar|crear|criar|créer|eliminar|"
    r"implementar|modificar|modifier|remover|supprimer)\b"
    r"|(?:创建|新建|新增|添加|增加|修改|更新|删除|移除|实现|编写|重构|扩展|补充|调整|替换|迁移|"
    r"作成|追加|変更|修正|削除|実装)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[*_ \t:–—-]{0,8}")  # noqa: RUF001 - dashes as written
_FOLLOWED = re.compile(  # the paths behind these words are read, not written
    r"\b(?:following|similar to|based on|mirroring|as (?:described )?in|see|per|according to|"
    r"patterns? (?:from|in|of)|consistent with|reus(?:e|es|ing))\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"[ \t]{0,4}(?:[,;+/&、]|(?:and|und|et|y|e)\b|と|和)[ \t]{0,4}", re.IGNORECASE)
_KEPT = re.compile(
    r"[ \t]{0,4}(?:(?:is|are|stays?|remains?|must|should|already|exists?|still|unchanged|untouched|"
    r"pass(?:es)?|fails?|green|builds?|compiles?|works?)\b)",
    re.IGNORECASE,
)
_WRITES_LAST = re.compile(  # where the verb ends the sentence
    r"(?:作成|追加|変更|修正|更新|定義|実装|削除|移行)(?:する|します)?[。.]?$"
    r"|(?:추가|생성|구현|수정|작성|정의|변경|삭제|개선|보강)(?:한다|하기|합니다)?\.?$"
)
_EXTENSIONS_WORDS = """
    axaml bash bat c cc cfg cjs clj conf cpp cs cshtml csproj css csv cts dart ex exs fs
    fsproj gd go gql gradle graphql h hbs hpp hs html http ini ipynb java jl js json json5
    jsonc jsonl jsx kt kts less lock lua m md mdx mjs mk mod mts nix php pl plist png prisma
    properties proto ps1 py pyi r razor rb rs rst sass scala scss sh sln slnx sol sql sum
    svelte svg swift tcl tex tf tfvars toml ts tsx txt vb vbproj vue wgsl xaml xml yaml yml
    zig zsh
"""
_EXTENSIONS = frozenset(_EXTENSIONS_WORDS.split())
_NAMES_WORDS = """
    brewfile cmakelists.txt codeowners containerfile dockerfile gemfile jenkinsfile justfile
    license makefile procfile rakefile vagrantfile .dockerignore .editorconfig .env .env.example
    .gitattributes .gitignore .npmrc .nvmrc .prettierrc .eslintrc
"""
_NAMES = frozenset(_NAMES_WORDS.split())
_PRODUCTS_WORDS = """
    alpine.js asp.net backbone.js chart.js d3.js deno.js discord.js ember.js express.js
    moment.js nest.js next.js node.js nuxt.js p5.js react.js socket.io solid.js three.js vue.js
"""
_PRODUCTS = frozenset(_PRODUCTS_WORDS.split())
_DOTTED = re.compile(r"\.(?:env(?:\.[\w-]{1,30}){1,2}|[a-z]{2,20}(?:rc|ignore|config))")
_ANYWHERE = frozenset({"conftest.py", "main.py", "manage.py", "setup.py"})
_FLAT_WORDS = "cfg ini json lock md mdx mod properties sum toml txt xml yaml yml"
_FLAT = frozenset(_FLAT_WORDS.split())  # files of these often lie in the root
_FIRST = frozenset({"application", "audio", "font", "image", "multipart", "video"})


def listed(text: str) -> tuple[str, ...]:
    """The globs in a list of files: all in backticks if any is, else the words that look it."""
    ticked = list(_globs(_TICKED.finditer(text), bare=False))
    return tuple(dict.fromkeys(ticked or _globs(_BARE.finditer(text), bare=True)))


def written(lines: Iterable[str]) -> tuple[str, ...]:
    """The globs in backticks on lines that begin with a verb of writing ("Create `src/a.py`").

    What such a line only reads is left out; in some languages the verb ends it.
    """
    return tuple(dict.fromkeys(glob for line in lines for glob in _written(line)))


def titled(title: str) -> tuple[str, ...]:
    """The globs that a task's own line names as what it writes.

    These are the paths that it begins with ("`src/a.py`: add a parser"), else those behind a
    verb of writing, without any in backticks those that are surely paths.
    """
    subjects = _subjects(title)
    if subjects:
        return subjects
    found = written([title])
    verb = _WRITES.match(title, _first(title))
    if found or verb is None:
        return found
    words = _globs(_BARE.finditer(title, verb.end(), _end(title)), bare=True)
    return tuple(dict.fromkeys(word for word in words if "/" in word))


def globs_of(word: str, *, bare: bool = False, directory: bool = False) -> tuple[str, ...]:
    """The globs that a word stands for: none unless it looks like a path inside a repository.

    Args:
        word: The word, without backticks.
        bare: It stood in prose, not in backticks: "and/or" is no path.
        directory: The text calls it a directory.
    """
    path = _BLANK.sub("*", _LINE.sub("", word.strip()).removeprefix("./"))
    if _ROOTED.match(path):
        path = path[1:]
    brace = _BRACE.fullmatch(path)
    if brace:
        # `{slug}` alone stands for any name; several stand for one another.
        options = brace[2].split(",")[:50] if "," in brace[2] else ["*"]
        spread = (globs_of(f"{brace[1]}{o.strip()}{brace[3]}", bare=bare) for o in options)
        return tuple(glob for globs in spread for glob in globs)
    if not _plausible(path, bare=bare):
        return ()
    path = path.replace("[", "[[]")  # `app/[id]/page.tsx` names a folder, not a class of characters
    if path.endswith("/"):
        return (f"{path}**",)
    last = path.rsplit("/", 1)[-1]
    if directory and "." not in last and "*" not in last:
        return (f"{path}/**",)
    return (path,)


def _written(line: str) -> Iterator[str]:
    verb = _WRITES.match(line, _first(line))
    if verb is not None:
        line = line[verb.end() : _end(line)]
    elif not _WRITES_LAST.search(line[-20:].rstrip()):
        return
    yield from _globs(_TICKED.finditer(without_mentions(line)), bare=False)


def _first(line: str) -> int:
    """Where a line's first word begins, behind its id and labels."""
    lead = _LEAD.match(line)
    marks = _MARKS.match(line, lead.end() if lead else 0)
    return marks.end() if marks else 0


def _end(line: str) -> int:
    """Where what a line writes ends: "following the pattern in `src/b.py`" is no part of it."""
    followed = _FOLLOWED.search(line)
    return followed.start() if followed else len(line)


def _subjects(title: str) -> tuple[str, ...]:
    """The paths in backticks that a title begins with; none if it says that they stay."""
    at = _first(title)
    if title[at : at + 3].lower() == "in ":
        at += 3
    found: list[str] = []
    while word := _TICKED.match(title, at):
        globs = globs_of(word[1])
        if not globs:
            break
        found += globs
        at = word.end()
        joined = _JOINED.match(title, at)
        if joined is None:
            break
        at = joined.end()
    return () if _KEPT.match(title, at) else tuple(dict.fromkeys(found))


def in_any_folder(name: str) -> bool:
    """Whether a bare name is that of a file that seldom lies in a repository's root."""
    extension = name.rpartition(".")[2].lower()
    known = "/" not in name and name not in _ANYWHERE and not name.startswith("docker-compose")
    return known and extension in _EXTENSIONS - _FLAT | {"yaml", "yml"}


def _globs(words: Iterable[re.Match[str]], *, bare: bool) -> Iterator[str]:
    above: re.Match[str] | None = None  # a path whose folder the next name may stand in
    for word in words:
        text = word[word.lastindex or 0].rstrip(".:").lstrip(":") if bare else word[1]
        if not bare and above and _beside(above, word):
            text = f"{above[1].rpartition('/')[0]}/{text}"
        elif not bare:
            above = word if "/" in text else None
        if bare and text.startswith("(") and "/" not in text:
            continue
        directory = _DIRECTORY.match(word.string, word.end()) is not None
        yield from globs_of(text, bare=bare, directory=directory)


def _beside(above: re.Match[str], name: re.Match[str]) -> bool:
    """Whether a bare name is that of a file beside the one before: "`src/a.ts`, `b.ts`"."""
    extension = name[1].rpartition(".")[2].lower()
    return (
        "/" not in name[1]
        and name[1] not in _ANYWHERE
        and extension == above[1].rpartition(".")[2].lower()
        and extension in _EXTENSIONS - _FLAT
        and _JOINED.fullmatch(name.string, _last(above, name), name.start()) is not None
    )


def _last(above: re.Match[str], name: re.Match[str]) -> int:
    """Where the last backtick before a name stands that follows the one above."""
    return max(above.end(), name.string.rfind("`", above.end(), name.start()) + 1)


def _plausible(path: str, *, bare: bool) -> bool:
    segments = path.removesuffix("/").split("/")
    if not _ALLOWED.fullmatch(path) or path.startswith(("/", "-", "@", "$")):
        return False
    if path.count("{") != path.count("}") or path.find("}") < path.find("{"):
        return False
    if any(not _segment(segment) for segment in segments) or segments[0].lower() in _FIRST:
        return False
    last = segments[-1].lower()
    if len(segments) == 1 and not path.endswith("/"):
        dotted = last in _NAMES or _DOTTED.fullmatch(last) is not None
        return dotted or (_extended(last) and last not in _PRODUCTS)
    if _HOST.fullmatch(segments[0].lower()):
        return False
    return not bare or path.endswith("/") or last in _NAMES or _extended(last) or "*" in path


def _segment(segment: str) -> bool:
    """No step upwards, nothing hidden in git's own folder, no call (`useThing()`)."""
    if segment in {"", ".", "..", ".git", ".plait"}:
        return False
    # A route group "(shop)" is a folder; brackets behind a name are a call.
    bracket = segment.find("(")
    return bracket < 0 or (bracket == 0 and ")" in segment and not segment.startswith("()"))


def _extended(name: str) -> bool:
    stem, _, extension = name.rpartition(".")
    return bool(stem) and extension in _EXTENSIONS
