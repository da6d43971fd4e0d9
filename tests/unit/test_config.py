"""Defaults, files, environment, flags; each value knows where it comes from."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from plait import config
from plait.config.keys import TABLES
from plait.config.writing import Setting, quoted, written
from plait.core.plan import Check
from plait.core.profile import AgentLimits, AgentProfile
from plait.core.roster import Seat
from plait.errors import UsageError


def load(root: Path, text: str = "", **more: object) -> config.Settings:
    """The settings of a repository with this plait.toml."""
    if text:
        (root / "plait.toml").write_text(text)
    values: dict[str, object] = {"environ": {"HOME": str(root / "home")}, "flags": {}, **more}
    return config.load(root, **values)


def test_without_files_the_defaults_hold(tmp_path: Path) -> None:
    """Six agents, no agent named, nothing strict."""
    settings = load(tmp_path)
    assert settings == config.Settings()
    assert settings.origin("max_agents") == "default"


def test_later_sources_win_and_each_value_knows_its_origin(tmp_path: Path) -> None:
    """User file, repository file, environment, flag: in this order."""
    user = tmp_path / "home" / ".config" / "plait" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text('[run]\nagent = "user"\nmax_agents = 2\nstop_on = "critical"\n')
    settings = load(
        tmp_path,
        '[run]\n  agent = "repo"\nmax_agents = 3\n',
        environ={"HOME": str(tmp_path / "home"), "PLAIT_AGENT": "env"},
        flags={"max_agents": 9},
    )
    assert (settings.agent, settings.max_agents, settings.stop_on) == ("env", 9, "critical")
    assert settings.origin("agent") == "PLAIT_AGENT"
    assert settings.origin("max_agents") == "--max-agents"
    assert settings.origin("stop_on") == f"{user}:4:1"


def test_checks_are_commands_or_tables(tmp_path: Path) -> None:
    """A text is the command and its own name; a table says more."""
    settings = load(
        tmp_path,
        '[checks]\npackage = ["make test"]\n'
        'land = [{ name = "all", command = "make all", cwd = "sub", expect_exit_code = 3 }]\n',
    )
    assert settings.package_checks == (Check(name="make test", command="make test"),)
    assert settings.land_checks == (
        Check(name="all", command="make all", cwd="sub", expect_exit_code=3),
    )


def test_namespaces_of_lock_keys(tmp_path: Path) -> None:
    """A list of new names; what is none says why, at its line."""
    settings = load(tmp_path, '[locks]\nnamespaces = ["queue", "device", "queue"]\n')
    assert settings.lock_namespaces == ("queue", "device")
    for value in ('"queue"', '["Queue"]', '["a:b"]', '["api"]', "[1]"):
        with pytest.raises(UsageError) as caught:
            load(tmp_path, f"[locks]\nnamespaces = {value}\n")
        assert caught.value.where == "plait.toml:2:1"


def test_a_relative_root_for_workspaces_is_relative_to_its_file(tmp_path: Path) -> None:
    """`[workspace] root = "../trees"` lies beside the repository, wherever Plait is called."""
    assert load(tmp_path, '[workspace]\nroot = "trees"\n').workspace_root == tmp_path / "trees"


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("[run]\nmax_agent = 3\n", "plait.toml:2:1", "max_agent"),
        ("[rum]\nx = 1\n", "plait.toml:1:1", "rum"),
        ("[run]\nmax_agents = 0\n", "plait.toml:2:1", "from 1"),
        ('[run]\n\n  stop_on = "now"\n', "plait.toml:3:3", "critical"),
        ("[run]\nmax_agents = = 3\n", "plait.toml:2:14", "TOML"),
        ("[checks]\nland = [3]\n", "plait.toml:2:1", "commands"),
        ('[workspace]\ncopy = ["../x"]\n', "plait.toml:2:1", "below the repository"),
        ('[workspace]\nlink = ["/etc"]\n', "plait.toml:2:1", "below the repository"),
        ('[workspace]\nports = ["PLAIT_RUN"]\n', "plait.toml:2:1", "not Plait's"),
        ('[workspace]\nport_range = "80-90"\n', "plait.toml:2:1", "from 1024"),
        ('[workspace]\nsetup = "make"\n', "plait.toml:2:1", "list of commands"),
        ('[workspace.databases]\nDB = "x"\n', "plait.toml:1:1", "create, drop, url"),
        ('[checks]\nland = [{ command = "x", cmd = 1 }]\n', "plait.toml:2:1", "cmd"),
        ('[run]\nagents = "claude"\n', "plait.toml:2:1", "list of tables"),
        ('[run]\nagents = [\n  { kind = "qa" },\n]\n', "plait.toml:3:3", "names no agent"),
        ('[run]\nagents = [{ agent = "a", kind = "gate" }]\n', "plait.toml:2:26", "integrate"),
        ('[[run.agents]]\nagent = "a"\n[[run.agents]]\nagnt = "b"\n', "plait.toml:4:1", "agnt"),
        ("[agents]\nclaude = 3\n", "plait.toml:2:1", "agents.claude must be a table"),
        ('[agents."a b"]\n', "plait.toml:1:1", "no name of an agent"),
        ("[agents.a]\nlimits = { turns = 3, token = 4 }\n", "plait.toml:2:23", "token"),
        ('[agents.a.mcp.docs]\nargs = ["x"]\n', "plait.toml:1:1", "command or a url"),
        ('x = """\n[run]\n"""\n[agents.a]\nenv = ["A=1"]\n', "plait.toml:1:1", "'x'"),
        ('[agents.a]\nargs = ["""\nenv = 3""", "]"] # ]\nenv = 3\n', "plait.toml:4:1", "texts"),
    ],
)
def test_a_wrong_setting_is_told_with_its_place(
    tmp_path: Path, text: str, where: str, told: str
) -> None:
    """File, line and column, and what would be right."""
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert caught.value.code == "BAD_CONFIG"
    assert caught.value.where == where
    assert told in caught.value.message


def test_agents_have_profiles_and_packages_choose_among_them(tmp_path: Path) -> None:
    """A table for each name; a repository's replaces the user's of that name, whole."""
    user = tmp_path / "home" / ".config" / "plait" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text('[agents.mine]\nuse = "pi"\n[agents.strong]\nmodel = "x"\n')
    settings = load(
        tmp_path,
        '[run]\nagents = [{ agent = ["strong", "mine"], kind = "qa", match = "a*" }]\n'
        '[agents.strong]\nuse = "claude"\nprogram = "bin/claude"\nset_env = { A = "1" }\n'
        '[agents.strong.limits]\nturns = 9\ncost = 2\nmemory = "2 GiB"\n'
        '[agents.strong.mcp.docs]\ncommand = "d"\nargs = ["x"]\n',
    )
    assert settings.profiles["mine"] == AgentProfile(name="mine", use="pi")
    assert settings.profiles["strong"] == AgentProfile(
        name="strong",
        use="claude",
        program=str(tmp_path / "bin" / "claude"),
        set_env={"A": "1"},
        limits=AgentLimits(turns=9, cost_usd=2.0, memory=2 * 1024**3),
        mcp={"docs": {"command": "d", "args": ["x"]}},
    )
    assert settings.seats == (
        Seat(provider="strong", kind="qa", pattern="a*"),
        Seat(provider="mine", kind="qa", pattern="a*"),
    )


def test_a_misspelt_key_gets_a_guess(tmp_path: Path) -> None:
    """`max_agent` is probably `max_agents`."""
    with pytest.raises(UsageError) as caught:
        load(tmp_path, "[run]\nmax_agent = 3\n")
    assert "'max_agents'" in caught.value.hint


def test_a_wrong_variable_is_told_by_name(tmp_path: Path) -> None:
    """The environment is checked like a file."""
    with pytest.raises(UsageError) as caught:
        load(tmp_path, environ={"HOME": str(tmp_path), "PLAIT_MAX_AGENTS": "many"})
    assert "PLAIT_MAX_AGENTS" in caught.value.message


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ('"1 GiB"', 1024**3),
        ('"1.5GiB"', 3 * 1024**3 // 2),
        ('"500 MB"', 500_000_000),
        ('"12 B"', 12),
        ('"2 TiB"', 2 * 1024**4),
    ],
)
def test_a_size_has_a_unit_or_is_in_bytes(tmp_path: Path, text: str, size: int) -> None:
    """Binary and decimal units are told apart; 0 is no limit."""
    assert load(tmp_path, f"[workspace]\nmin_free = {text}\n").min_free == size


def test_a_wait_is_in_seconds(tmp_path: Path) -> None:
    """A number, whole or not; nothing that is less than none."""
    assert load(tmp_path, "[workspace]\nroom_wait = 0.5\n").room_wait_s == 0.5
    for text in ("-1", "inf", "true"):
        with pytest.raises(UsageError, match="duration"):
            load(tmp_path, f"[workspace]\nroom_wait = {text}\n")


@pytest.mark.parametrize("text", ["-1", "true", "1.5", '"1 gib"', '"much"', '"-1 GiB"', '"1e9 B"'])
def test_what_is_no_size_is_refused(tmp_path: Path, text: str) -> None:
    """With the line, and with what would fit."""
    with pytest.raises(UsageError, match="1 GiB") as caught:
        load(tmp_path, f"[workspace]\nmin_free = {text}\n")
    assert caught.value.where == "plait.toml:2:1"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [('"90s"', 90), ('"15m"', 900), ('"1h30m"', 5400), ('"1.5h"', 5400), ("20", 20), ("0", 0)],
)
def test_a_duration_has_units_or_is_in_seconds(tmp_path: Path, text: str, seconds: int) -> None:
    """Hours, minutes and seconds, in this order; 0 where it turns something off."""
    assert load(tmp_path, f"[agent]\nstall = {text}\n").stall_s == seconds


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("agent", 'stall = "soon"'),
        ("agent", 'stall = ""'),
        ("agent", 'stall = "10m5h"'),
        ("agent", "stall = -1"),
        ("agent", "stall = nan"),
        ("retry", "backoff = true"),
        ("run", "timeout = 0"),
        ("run", "budget = 0"),
        ("run", 'budget = "5 EUR"'),
        ("budget", "package = inf"),
    ],
)
def test_what_is_no_duration_and_no_sum_is_refused(tmp_path: Path, section: str, text: str) -> None:
    """With its line, and what would fit."""
    with pytest.raises(UsageError) as caught:
        load(tmp_path, f"[{section}]\n{text}\n")
    assert caught.value.code == "BAD_CONFIG"
    assert caught.value.where == "plait.toml:2:1"


def test_the_written_file_loads_as_it_is_and_with_everything_set(tmp_path: Path) -> None:
    """Nothing is set but what was asked for; each line that is taken in is right."""
    text = written({("run", "agent"): Setting(value=quoted('a "b"\n'), told=["Because."])})
    assert load(tmp_path, text) == replace(
        config.Settings(), agent='a "b"\n', origins={"agent": "plait.toml:12:1"}
    )
    lines = [line for line in text.splitlines() if not line.startswith("#url =")]
    everything = load(tmp_path, "\n".join(re.sub(r"^#(?=\S)", "", line) for line in lines))
    assert set(everything.origins) >= {
        key.into for table in TABLES.values() for key in table.keys.values()
    }
    assert everything.profiles["my-agent"].limits.turns == 100


@pytest.mark.parametrize("table", TABLES)
def test_the_defaults_that_are_told_are_those_that_hold(table: str) -> None:
    """What the reference shows as a default is what a run takes where nothing is set."""
    for key in TABLES[table].keys.values():
        if key.is_value:
            value = tomllib.loads(f"x = {key.shown}")["x"]
            assert key.parse(value) == getattr(config.Settings(), key.into)
