"""What would show, copy or send secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plait.core.guardrails.call import Call, behind, options
from plait.core.guardrails.places import normal
from plait.core.guardrails.state import HOLE, SHOWN
from plait.core.guardrails.verdict import Category, Offence, Trust

_SAMPLES = re.compile(
    r"\.(?:example|sample|template|tmpl|dist|defaults?|schema|test|ci|pub)$|example"
)
_NAMES = re.compile(
    r"^(?:\.env(?:\..+)?|.+\.env|\.netrc|_netrc|\.npmrc|\.pypirc|\.pgpass|\.my\.cnf|\.git-credentials"
    r"|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)(?:_.*)?|credentials(?:\.(?:json|ya?ml|toml|db))?"
    r"|service[-_]?account.*\.json|.*[-_]service[-_]account\.json|client_secret.*\.json"
    r"|secrets?\.(?:json|ya?ml|toml|env)|.*\.(?:key|p12|pfx|keystore|jks|kdbx|ppk)"
    r"|(?:private|server|client|ssl|tls).*\.pem|.*private.*\.pem|master\.key|vault[-_]pass.*"
    r"|shadow|gshadow|\.vault-token|terraform\.tfstate)$",
    re.IGNORECASE,
)
_FOLDERS = re.compile(
    r"(?:^|/)(?:\.ssh|\.aws|\.gnupg|\.kube|\.docker/config\.json|\.config/gh|\.config/gcloud"
    r"|\.azure|\.password-store|\.config/op|\.local/share/keyrings|Library/Keychains"
    r"|\.claude/\.credentials\.json|\.codex/auth\.json)(?:/|$)"
)
_TESTED = re.compile(
    r"^(?![/~]).*(?<![^/])(?:tests?|__tests__|testdata|fixtures|examples?|mocks?)(?:/|$)"
)
_OPEN = re.compile(r"(?:^|/)\.ssh/(?:known_hosts|config|.*\.pub)?$|(?:^|/)\.aws/config$|\.pub$")
_READERS = frozenset(
    {"cat", "tac", "less", "more", "head", "tail", "bat", "batcat", "nl", "od", "xxd", "hexdump",
     "strings", "base64", "base32", "cut", "sort", "uniq", "paste", "fold", "fmt", "rev", "column",
     "cp", "mv", "scp", "rsync", "sftp", "tar", "zip", "7z", "gzip", "gpg", "openssl", "vim", "vi",
     "nano", "emacs", "view", "code", "diff", "cmp", "dd", "install", "ln", "nc", "pbcopy", "xclip",
     "jq", "yq", "tee", "split", "csplit", "printenv", "grep", "egrep", "fgrep", "rg", "ag", "sed",
     "awk", "gawk", "perl", "curl", "wget", "http", "https", "aws", "gsutil", "rclone", "python",
     "python3", "node", "ruby"}
)  # fmt: skip
_PATTERN_FIRST = frozenset({"grep", "egrep", "fgrep", "rg", "ag", "sed", "awk", "gawk", "jq", "yq"})
_SENDERS = frozenset({"scp", "sftp", "nc", "ncat", "netcat", "curl", "wget", "http", "https",
                      "rclone", "gsutil", "rsync", "socat", "telnet", "mail",
                      "sendmail"})  # fmt: skip


def is_credential(path: str) -> bool:
    """Whether a file of that path holds secrets, as a rule."""
    told = path.rstrip("/")
    folder, _, name = told.rpartition("/")
    if (_TESTED.search(folder) and not name.startswith(".env")) or told == ".npmrc":
        return False  # made for tests, or a project's own settings
    if _OPEN.search(told) or (_SAMPLES.search(name) and not name.endswith(".key")):
        return False
    if re.fullmatch(r"/proc/[^/]+/environ", told):
        return True
    return bool(_NAMES.match(name) or _FOLDERS.search(told))


def _offence(level: Trust, operation: str, why: str) -> Offence:
    return Offence(Category.CREDENTIAL, level, operation, why)


def offences(call: Call) -> Iterator[Offence]:
    """What a command, or a redirection, would show or send of secrets."""
    if call.name in {"<", "<>"}:
        path = call.args[0] if call.args else ""
        if is_credential(call.normal(path)):
            yield _offence(_level(path, call), "< FILE", f"{path} may hold secrets")
        return
    if call.name in _READERS:
        yield from _read(call)
    yield from _told_by_tools(call)
    yield from _environment(call)


def _level(path: str, call: Call) -> Trust:
    """Keys of a person are graver than those of a project."""
    told = call.normal(path)
    mine = told.startswith(("~", "/", "..", HOLE)) or _FOLDERS.search(told)
    return Trust.ADMIN if mine or "id_" in told else Trust.ELEVATED


def _read(call: Call) -> Iterator[Offence]:
    args = call.args
    if call.name in {"cp", "mv", "install", "ln", "tee"}:
        told = options(args, ("t", "S", "m", "o", "g"))
        paths: tuple[str, ...] = told.rest[:-1] if call.name != "tee" else ()
    elif call.name in {"curl", "wget", "http", "https"}:
        paths = tuple(_sent(args))
    elif call.name == "sed" and options(args, ("e", "f")).has("i", "in-place"):
        return  # it shows nothing
    elif call.name in _PATTERN_FIRST:
        told = options(args, ("e", "f", "m", "A", "B", "C", "g", "t"))
        paths = told.rest if "e" in told.letters else told.rest[1:]
    elif call.name == "openssl":  # what it makes is no secret yet
        paths = tuple(args[at + 1] for at, each in enumerate(args[:-1]) if each == "-in")
    else:
        paths = tuple(each.removeprefix("if=") for each in args if each[:1] != "-")
    sends = call.name in _SENDERS
    for path in paths:
        if path.startswith(("http://", "https://")) or not is_credential(call.normal(path)):
            continue
        if sends:
            yield _offence(Trust.ADMIN, call.name, f"it sends {path}, which may hold secrets")
        else:
            yield _offence(_level(path, call), call.name, f"{path} may hold secrets")


def _sent(args: tuple[str, ...]) -> Iterator[str]:
    """The files that are sent."""
    for at, each in enumerate(args):
        if each in {"-T", "--upload-file", "--post-file", "--body-file"}:
            yield from args[at + 1 : at + 2]
        elif "@" in each and not each.startswith(("http", "git@")):
            yield each.rpartition("@")[2].partition(";")[0]
        elif each.startswith(("--post-file=", "--body-file=", "--upload-file=")):
            yield each.partition("=")[2]


_PRINTS = (
    ("aws", ("secretsmanager", "get-secret-value")), ("aws", ("ssm", "get-parameter")),
    ("aws", ("sts", "get-session-token")), ("aws", ("configure", "get")),
    ("aws", ("configure", "export-credentials")), ("aws", ("ecr", "get-login-password")),
    ("gcloud", ("auth", "print-access-token")), ("gcloud", ("auth", "print-identity-token")),
    ("gcloud", ("secrets", "versions", "access")), ("az", ("account", "get-access-token")),
    ("az", ("keyvault", "secret", "show")), ("vault", ("read",)), ("vault", ("kv", "get")),
    ("op", ("read",)), ("op", ("item", "get")), ("pass", ("show",)), ("bw", ("get",)),
    ("security", ("find-generic-password",)), ("security", ("find-internet-password",)),
    ("secret-tool", ("lookup",)), ("gpg", ("--export-secret-keys",)),
    ("gpg", ("--export-secret-subkeys",)), ("gpg", ("--delete-secret-keys",)),
    ("heroku", ("config",)), ("doppler", ("secrets",)), ("npm", ("token",)),
    ("ansible-vault", ("decrypt",)), ("ansible-vault", ("view",)), ("sops", ("-d",)),
    ("sops", ("--decrypt",)), ("docker", ("login", "-p")), ("docker", ("login", "--password")),
    ("terraform", ("output", "-raw")), ("gh", ("auth", "token")), ("glab", ("auth", "token")),
    ("git-credential-manager", ("get",)), ("keyctl", ("print",)), ("chpasswd", ()),
)  # fmt: skip


def _told_by_tools(call: Call) -> Iterator[Offence]:
    for name, words in _PRINTS:
        if call.name == name and all(each in call.args for each in words):
            yield _offence(Trust.ADMIN, " ".join((name, *words)), "it prints a secret, or uses one")
            return
    if call.name in {"kubectl", "oc"} and call.args[:1] in {("get",), ("describe",)}:
        kinds = call.args[1] if len(call.args) > 1 else ""
        if re.match(r"secrets?(?:/|$|,)", kinds):
            yield _offence(Trust.ADMIN, "kubectl get secret", "it prints the secrets of a cluster")
    if call.name == "ssh-keygen" and "-y" not in call.args and "-R" not in call.args:
        target = options(call.args, ("f", "t", "b", "C", "N", "P")).value("f")
        if (
            target
            and normal(target, call.cwd, call.roots).startswith("~/.ssh")
            and ("-l" not in call.args)
        ):
            yield _offence(Trust.ELEVATED, "ssh-keygen", "it writes a key into ~/.ssh")
    if call.name == "ssh-copy-id":
        yield _offence(Trust.ADMIN, "ssh-copy-id", "it opens another machine to a key")


def _environment(call: Call) -> Iterator[Offence]:
    """The environment holds keys: shown as a whole, or sent."""
    if call.name in _SENDERS and any(SHOWN in each for each in (call.stdin or "", *call.args)):
        yield _offence(Trust.ADMIN, call.name, "it sends what is printed of secrets")
    whole = (call.name in {"env", "printenv"} and not behind(call.args)) or (
        call.name in {"export", "declare"} and call.args == ("-p",)
    )
    if whole:
        yield _offence(Trust.STANDARD, f"{call.name}", "it prints the environment, keys and all")
