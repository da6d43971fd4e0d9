"""What would be lost of databases: by their clients, and by tools that migrate them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from plait.core.guardrails.call import Call, behind, options
from plait.core.guardrails.places import Place
from plait.core.guardrails.sql import losses
from plait.core.guardrails.state import HOLE
from plait.core.guardrails.verdict import Bound, Category, Offence, Trust

# Clients by the options that give them statements, and those that take another value.
_CLIENTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "psql": (("-c", "--command"), "hpUdfvFLoPRT"),
    "mysql": (("-e", "--execute"), "hPuDS"),
    "mariadb": (("-e", "--execute"), "hPuDS"),
    "sqlite3": (("-cmd",), ""),
    "sqlcmd": (("-Q", "-q"), "SUPd"),
    "cockroach": (("-e", "--execute"), ""),
    "duckdb": (("-c", "-s"), ""),
    "clickhouse-client": (("-q", "--query"), "hud"),
    "clickhouse": (("-q", "--query"), "hud"),
    "cqlsh": (("-e", "--execute"), ""),
    "snowsql": (("-q", "--query"), ""),
    "bq": ((), ""),
    "usql": (("-c", "--command"), ""),
    "pgcli": (("-c",), ""),
    "sqlplus": ((), ""),
    "wrangler": (("--command",), ""),
}
_TEXTS_LAST = frozenset({"sqlite3", "duckdb", "bq"})  # take a statement without an option
_MONGO = re.compile(
    r"\.(dropDatabase|drop|remove|deleteMany)\s*\(\s*(\{\s*\})?\s*[,)]|\.dropCollection\s*\("
    r"|\.(dropUser|dropAllUsers)\s*\("
)
_REDIS = frozenset({"FLUSHALL", "FLUSHDB"})
_TASK = re.compile(r"^(?:app:)?(?:db|database)[:_-](?:drop|reset|purge|wipe|truncate\w*)(?::|$)|"
                   r"^db:(?:schema:load|migrate:reset|setup:reset)$|^migrate:(?:fresh|reset|refresh)$|"
                   r"^migrate-(?:reset|fresh)$")  # fmt: skip
_RUNNERS = frozenset({"rails", "rake", "artisan", "sequelize", "sequelize-cli", "knex", "typeorm",
                      "mix", "npm", "pnpm", "yarn", "bun", "make", "just", "task", "php", "console",
                      "drizzle-kit", "run", "run-script"})  # fmt: skip
# Tools by the words that lose everything.
_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dropdb", ()),
    ("dropuser", ()),
    ("mysqladmin", ("drop",)),
    ("prisma", ("migrate", "reset")),
    ("prisma", ("db", "push", "--force-reset")),
    ("supabase", ("db", "reset")),
    ("alembic", ("downgrade", "base")),
    ("flyway", ("clean",)),
    ("liquibase", ("drop-all",)),
    ("liquibase", ("dropAll",)),
    ("atlas", ("schema", "clean")),
    ("goose", ("reset",)),
    ("dbmate", ("drop",)),
    ("migrate", ("drop",)),
    ("diesel", ("database", "reset")),
    ("sqlx", ("database", "drop")),
    ("sqlx", ("database", "reset")),
    ("ecto.drop", ()),
    ("ecto.reset", ()),
    ("manage.py", ("flush",)),
    ("manage.py", ("reset_db",)),
    ("manage.py", ("sqlflush",)),
    ("django-admin", ("flush",)),
    ("knex", ("migrate:rollback", "--all")),
    ("typeorm", ("schema:drop",)),
    ("sequelize", ("db:migrate:undo:all",)),
    ("influx", ("bucket", "delete")),
    ("influx", ("delete",)),
    ("etcdctl", ("del",)),
    ("consul", ("kv", "delete")),
    ("rabbitmqctl", ("reset",)),
    ("rabbitmqctl", ("purge_queue",)),
    ("kafka-topics", ("--delete",)),
    ("kafka-topics.sh", ("--delete",)),
    ("nodetool", ("drop",)),
    ("pg_dropcluster", ()),
    ("heroku", ("pg:reset",)),
    ("wrangler", ("d1", "delete")),
)


# Tools that work on what a project's own settings name, as a rule by variables.
_BY_PROJECT = frozenset(
    {"prisma", "alembic", "diesel", "sqlx", "dbmate", "ecto.drop", "ecto.reset", "manage.py",
     "django-admin", "knex", "typeorm", "sequelize", "rails", "rake", "mix", "artisan"}
)  # fmt: skip
# Of a database's name: it is one of tests.
_TESTS = re.compile(r"(?:^|[_\-./])tests?(?:$|[_\-.?])")
_ADDRESSED = re.compile(r"^(?:-h|--host|--url|--database-url|--uri|-U)|://")


def _offence(operation: str, *, final: bool = True, within: Bound | None = None) -> Offence:
    level = Trust.ADMIN if final else Trust.ELEVATED
    return Offence(Category.DATABASE, level, operation, "it deletes data of a database", within)


def offences(call: Call) -> Iterator[Offence]:
    """What a command would lose of a database."""
    name = call.name.removesuffix(".exe")
    if name in _CLIENTS:
        yield from _statements(name, call)
    elif name in {"mongosh", "mongo"}:
        yield from _mongo(call)
    elif name in {"redis-cli", "valkey-cli", "keydb-cli"}:
        yield from _redis(call)
    yield from _tools(name, call)


def _statements(name: str, call: Call) -> Iterator[Offence]:
    local = name in {"sqlite3", "duckdb"}
    if local and any(each == ":memory:" for each in call.args):
        return
    within = _file(call) if local else _named(call)
    first = options(call.args, ("d", "D", "h", "p", "U", "c", "e", "f", "dbname", "database"))
    named = first.value("d", "D", "dbname", "database") or "".join(first.rest[:1])
    for text in _texts(name, call):
        for what, final in losses(text):
            if not local and _TESTS.search(named) and what not in {"DROP DATABASE", "DROP USER"}:
                continue
            yield _offence(what, final=final and not local, within=within)


def _file(call: Call) -> Bound | None:
    """What has to be an agent's own, so that nobody else misses what a file of data holds."""
    path = next((each for each in call.args if not each.startswith("-")), "")
    match call.place(path) if path else Place.WHOLE:
        case Place.INSIDE | Place.PRODUCT | Place.TEMPORARY:
            return Bound.WORKTREE
        case Place.UNKNOWN:
            return Bound.FILES
        case _:
            return None


def _named(call: Call) -> Bound | None:
    """The same of a server's database: it is a variable's, `psql "$DATABASE_URL"`."""
    first = call.args[0] if call.args else ""
    addressed = any(_ADDRESSED.search(each) for each in call.args)
    return Bound.DATABASES if HOLE in first and not addressed else None


def _texts(name: str, call: Call) -> Iterator[str]:
    asked, _ = _CLIENTS[name]
    for at, each in enumerate(call.args):
        for option in asked:
            if each == option and at + 1 < len(call.args):
                yield call.args[at + 1]
            elif option.startswith("--") and each.startswith(f"{option}="):
                yield each.partition("=")[2]
            elif len(option) == 2 and each.startswith(option) and len(each) > 2:  # noqa: PLR2004
                yield each[2:]
            elif (len(option) == 2 and each[:1] == "-" and each[1:2] != "-"  # noqa: PLR2004
                  and each[-1:] == option[1] and at + 1 < len(call.args)):  # fmt: skip
                yield call.args[at + 1]
    if name in _TEXTS_LAST:
        yield from (each for each in call.args[1:] if " " in each)
    if call.stdin is not None:
        yield call.stdin


def _mongo(call: Call) -> Iterator[Offence]:
    for text in (*call.args, call.stdin or ""):
        for found in _MONGO.finditer(text):
            name = found[1] or found[3] or "dropCollection"
            if name in {"remove", "deleteMany"} and found[2] is None:
                continue
            yield _offence(name, final=name not in {"remove", "deleteMany"})


def _redis(call: Call) -> Iterator[Offence]:
    words = behind(call.args, ("-h", "-p", "-a", "-n", "-u", "-s", "--user", "--pass"))
    said = [words[0].upper()] if words else []
    said += [line.split()[0].upper() for line in (call.stdin or "").splitlines() if line.split()]
    yield from (_offence(each) for each in said if each in _REDIS)


def _tools(name: str, call: Call) -> Iterator[Offence]:
    args = call.args
    told = options(args)
    if told.has("", "dry-run", "help") or (call.tested and name in _BY_PROJECT):
        return
    if name == "dropdb" and told.rest and _TESTS.search(told.rest[-1]):
        return
    if name in {"php", "python", "python3"} and args:
        name, args = args[0].rpartition("/")[2], args[1:]
    by_project = name in _BY_PROJECT and not any(_ADDRESSED.search(each) for each in args)
    within = Bound.DATABASES if by_project else None
    for tool, words in _TOOLS:
        if name == tool and all(word in args for word in words):
            yield _offence(" ".join((tool, *words)), within=within)
            return
    if name in _RUNNERS:
        task = next((each for each in args if _TASK.match(each)), None)
        if task is not None:
            yield _offence(f"{name} {task}", within=within)
        elif name == "mix" and any(each in {"ecto.drop", "ecto.reset"} for each in args):
            yield _offence("mix ecto.drop", within=within)
    elif name == "artisan" and any(_TASK.match(each) for each in args):
        task = next(each for each in args if _TASK.match(each))
        yield _offence(f"{name} {task}", within=within)
