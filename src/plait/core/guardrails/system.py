"""What would stop, open or change the machine, and those who work on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from plait.core.guardrails.call import Call, behind, options
from plait.core.guardrails.verdict import Bound, Category, Offence, Trust

_OFF = frozenset({"shutdown", "reboot", "halt", "poweroff", "telinit"})
_ACCOUNTS = frozenset(
    {"useradd", "userdel", "usermod", "groupadd", "groupdel", "adduser", "deluser", "passwd",
     "chpasswd", "visudo", "vipw", "chsh", "gpasswd"}
)  # fmt: skip
_KERNEL = frozenset({"insmod", "rmmod", "modprobe", "kexec", "swapoff", "setenforce", "nvram",
                     "efibootmgr", "grub-install", "update-grub", "losetup"})  # fmt: skip
_FIREWALL = frozenset({"iptables", "ip6tables", "nft", "ufw", "firewall-cmd", "pfctl"})
_PACKAGES = frozenset({"apt", "apt-get", "aptitude", "dnf", "yum", "zypper", "pacman", "apk",
                       "brew", "dpkg", "rpm", "snap", "port", "emerge"})  # fmt: skip


def _offence(level: Trust, operation: str, why: str) -> Offence:
    return Offence(Category.SYSTEM, level, operation, why)


def offences(call: Call) -> Iterator[Offence]:
    """What a command would do to the machine."""
    if call.name in _OFF and not options(call.args).has("c", "help"):
        yield _offence(Trust.ADMIN, call.name, "it stops the machine")
    elif call.name in _ACCOUNTS:
        yield _offence(Trust.ADMIN, call.name, "it changes who may use the machine")
    elif call.name in _KERNEL:
        yield _offence(Trust.ADMIN, call.name, "it changes the running system")
    elif call.name in _FIREWALL and not {"-L", "-S", "status", "list", "--list"} & set(call.args):
        yield _offence(Trust.ADMIN, call.name, "it changes what reaches the machine")
    elif call.name in _PACKAGES:
        yield from _packages(call)
    else:
        known = _COMMANDS.get(call.name)
        if known is not None:
            yield from known(call)


def _init(call: Call) -> Iterator[Offence]:
    if call.args[:1] in {("0",), ("6",)}:
        yield _offence(Trust.ADMIN, "init", "it stops the machine")


def _kill(call: Call) -> Iterator[Offence]:
    if "-1" in call.args[1:] or call.args == ("-1",) or "1" in behind(call.args, ("-s", "-n")):
        yield _offence(Trust.ADMIN, "kill -1", "it ends every process")


def _by_name(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("u", "t", "g", "s", "P"))
    if not told.has("lP", "list", "help", "parent"):  # not what it started itself
        why = "other agents work on this machine too: end processes by their numbers"
        yield Offence(Category.SYSTEM, Trust.ELEVATED, call.name, why, Bound.PROCESSES)


def _crontab(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("u",))
    if told.has("r"):
        yield _offence(Trust.ADMIN, "crontab -r", "it deletes what runs by the clock")
    elif told.has("e") or told.rest or "-" in call.args:
        yield _offence(Trust.ELEVATED, "crontab", "it changes what runs by the clock")


def _services(call: Call) -> Iterator[Offence]:
    words = set(behind(call.args))
    if "start" in words:
        yield _offence(Trust.STANDARD, call.name, "it starts what others may meet")
    elif words & {"stop", "disable", "mask", "restart", "kill", "isolate", "poweroff", "reboot",
                "halt", "unload", "remove", "bootout", "enable"}:  # fmt: skip
        yield _offence(Trust.ADMIN, call.name, "it changes what runs on the machine")


def _packages(call: Call) -> Iterator[Offence]:
    words = set(call.args)
    removes = {"remove", "purge", "autoremove", "uninstall", "erase", "del", "rm", "-r", "-e", "-P",
               "--purge", "-R", "-Rns", "-Rs", "--remove"}  # fmt: skip
    if words & removes:
        yield _offence(Trust.ELEVATED, f"{call.name} remove", "others need what it removes")
    elif words & {"install", "add", "upgrade", "full-upgrade", "dist-upgrade", "-i", "-S", "-U"}:
        yield _offence(Trust.STANDARD, f"{call.name} install", "it changes the machine for all")


def _netcat(call: Call) -> Iterator[Offence]:
    told = options(call.args, ("p", "e", "c", "w", "s"))
    if told.value("e", "c", "exec", "sh-exec") or {"-e", "-c"} & set(call.args):
        yield _offence(Trust.ADMIN, f"{call.name} -e", "it hands a shell to the network")


def _socat(call: Call) -> Iterator[Offence]:
    if any(re.match(r"(?:exec|system):", each, re.IGNORECASE) for each in call.args):
        yield _offence(Trust.ADMIN, "socat EXEC", "it hands a shell to the network")


def _mounts(call: Call) -> Iterator[Offence]:
    if call.args and not options(call.args).has("l", "help", "show-labels"):
        yield _offence(Trust.ADMIN, call.name, "it changes what is mounted")


def _sysctl(call: Call) -> Iterator[Offence]:
    if options(call.args).has("wp") or any("=" in each for each in call.args):
        yield _offence(Trust.ADMIN, "sysctl -w", "it changes the running system")


_COMMANDS: Mapping[str, Callable[[Call], Iterator[Offence]]] = {
    "init": _init, "kill": _kill, "pkill": _by_name, "killall": _by_name, "skill": _by_name,
    "killall5": _by_name, "crontab": _crontab, "systemctl": _services, "service": _services,
    "launchctl": _services, "rc-service": _services, "supervisorctl": _services,
    "nc": _netcat, "ncat": _netcat, "netcat": _netcat, "socat": _socat, "mount": _mounts,
    "umount": _mounts, "sysctl": _sysctl,
}  # fmt: skip
