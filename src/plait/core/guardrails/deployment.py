"""What would change what runs somewhere: clusters, clouds, servers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from plait.core.guardrails.call import Call, behind
from plait.core.guardrails.state import HOLE
from plait.core.guardrails.verdict import Category, Offence, Trust

_KUBE = ("-n", "--namespace", "--context", "--kubeconfig", "--cluster", "-l", "--selector", "-f",
         "--user", "-s", "--server", "--token")  # fmt: skip
# Tools by the words that change something, and those that destroy it.
_CHANGES: Mapping[str, frozenset[str]] = {
    "kubectl": frozenset(
        {
            "apply",
            "create",
            "replace",
            "patch",
            "edit",
            "scale",
            "set",
            "rollout",
            "run",
            "expose",
            "label",
            "annotate",
            "taint",
            "cordon",
            "uncordon",
            "autoscale",
            "cp",
        }
    ),
    "helm": frozenset({"install", "upgrade", "rollback", "push"}),
    "helmfile": frozenset({"apply", "sync"}),
    "terraform": frozenset({"apply", "import", "taint", "untaint", "force-unlock"}),
    "terragrunt": frozenset({"apply", "run-all"}),
    "pulumi": frozenset({"up", "update", "import", "cancel"}),
    "cdk": frozenset({"deploy"}),
    "sam": frozenset({"deploy", "sync"}),
    "serverless": frozenset({"deploy"}),
    "sls": frozenset({"deploy"}),
    "sst": frozenset({"deploy"}),
    "copilot": frozenset({"deploy"}),
    "eb": frozenset({"deploy", "create", "swap"}),
    "fly": frozenset({"deploy", "scale", "launch", "secrets"}),
    "flyctl": frozenset({"deploy", "scale", "launch", "secrets"}),
    "heroku": frozenset(
        {
            "releases:rollback",
            "ps:scale",
            "config:set",
            "maintenance:on",
            "container:release",
            "container:push",
            "ps:restart",
        }
    ),
    "netlify": frozenset({"deploy"}),
    "firebase": frozenset({"deploy"}),
    "wrangler": frozenset({"deploy", "publish"}),
    "railway": frozenset({"up", "deploy"}),
    "render": frozenset({"deploy"}),
    "surge": frozenset({""}),
    "gh-pages": frozenset({""}),
    "cap": frozenset({"deploy"}),
    "kamal": frozenset({"deploy", "redeploy", "rollback", "setup"}),
    "skaffold": frozenset({"run", "deploy"}),
    "argocd": frozenset({"sync"}),
    "nomad": frozenset({"run"}),
    "dokku": frozenset({"ps:restart"}),
    "ansible-playbook": frozenset({""}),
    "ansible": frozenset({""}),
    "salt": frozenset({""}),
    "packer": frozenset({"build"}),
    "docker": frozenset({"push"}),
    "podman": frozenset({"push"}),
    "nerdctl": frozenset({"push"}),
    "crane": frozenset({"push", "copy"}),
    "skopeo": frozenset({"copy", "sync"}),
    "vercel": frozenset({"deploy", "promote", "rollback"}),
    "amplify": frozenset({"push", "publish"}),
    "mgc": frozenset(),
}
_DESTROYS: Mapping[str, frozenset[str]] = {
    "kubectl": frozenset({"delete", "drain"}),
    "oc": frozenset({"delete"}),
    "helm": frozenset({"uninstall", "delete"}),
    "helmfile": frozenset({"destroy"}),
    "terraform": frozenset({"destroy"}),
    "terragrunt": frozenset({"destroy"}),
    "pulumi": frozenset({"destroy"}),
    "cdk": frozenset({"destroy"}),
    "sam": frozenset({"delete"}),
    "serverless": frozenset({"remove"}),
    "sls": frozenset({"remove"}),
    "sst": frozenset({"remove"}),
    "copilot": frozenset({"delete"}),
    "eb": frozenset({"terminate"}),
    "fly": frozenset({"destroy"}),
    "flyctl": frozenset({"destroy"}),
    "heroku": frozenset({"apps:destroy", "addons:destroy"}),
    "kamal": frozenset({"remove"}),
    "skaffold": frozenset({"delete"}),
    "argocd": frozenset({"delete"}),
    "nomad": frozenset({"stop"}),
    "vercel": frozenset({"remove", "rm"}),
    "amplify": frozenset({"delete"}),
    "minikube": frozenset({"delete"}),
    "kind": frozenset({"delete"}),
    "vagrant": frozenset({"destroy"}),
    "eksctl": frozenset({"delete"}),
    "doctl": frozenset({"delete"}),
    "linode-cli": frozenset({"delete"}),
    "hcloud": frozenset({"delete"}),
    "dokku": frozenset({"apps:destroy"}),
    "virsh": frozenset({"destroy", "undefine"}),
}
_DRY = re.compile(
    r"^--?(?:dry-run(?:=(?!none|false).*)?|check|syntax-check|list-(?:hosts|tasks|tags)|plan|help|diff)$"
)
_HERE = re.compile(
    r"(?:--endpoint-url[= ]|push )(?:https?://)?(?:localhost|127\.0\.0\.1)(?=[:/]|$)"
)
_CLOUDS = frozenset({"aws", "gcloud", "az", "oci", "ibmcloud", "aliyun"})
_CLOUD_LOSS = re.compile(r"^(?:delete|terminate|destroy|purge|remove|deregister|rb|rm)(?:-|$)")
_CLOUD_CHANGE = re.compile(
    r"^(?:deploy|create|update|put|run-instances|modify|stop|reboot|start|attach|detach|set|sync"
    r"|publish|apply|restart|scale|import|invoke|up)(?:-|$)"
)
_TASK = re.compile(r"^(?:deploy|undeploy)(?:$|[:_-])|(?:^|[:_-])deploy$")
_RUNNERS = frozenset(
    {"make", "gmake", "npm", "pnpm", "yarn", "bun", "just", "task", "rake", "rails", "invoke",
     "fab", "mage", "grunt", "gulp", "nx", "turbo", "composer"}
)  # fmt: skip
_SCRIPT = re.compile(r"^(?:deploy|undeploy|rollout)(?:[-_.].*)?$", re.IGNORECASE)


_NOUN_FIRST = frozenset(
    {"doctl", "linode-cli", "hcloud", "nomad", "fly", "flyctl", "argocd", "vercel", "cap", "kind",
     "eksctl", "copilot", "firebase", "terragrunt"}
)  # fmt: skip


def _offence(level: Trust, operation: str, why: str) -> Offence:
    return Offence(Category.DEPLOYMENT, level, operation, why)


def offences(call: Call) -> Iterator[Offence]:
    """What a command would change of what runs elsewhere."""
    if any(_DRY.match(each) for each in call.args) or _HERE.search(" ".join(call.args)):
        return
    words = behind(call.args, _KUBE)
    if call.name in {"tofu", "opentofu"}:
        call = call._replace(name="terraform")
    if call.name in _CHANGES or call.name in _DESTROYS:
        yield from _tool(call, words)
    if call.name in {"docker", "podman", "nerdctl", "docker-compose"}:
        yield from _containers(call, words)
    if call.name in _CLOUDS:
        yield from _cloud(call)
    if call.name in _RUNNERS and any(_TASK.search(each) for each in words[:4]):
        task = next(each for each in words[:4] if _TASK.search(each))
        yield _offence(Trust.ELEVATED, f"{call.name} {task}", "by its name it deploys")
    if _SCRIPT.match(call.name) and call.name not in _CHANGES:
        yield _offence(Trust.ELEVATED, call.name, "by its name it deploys")
    if call.name in {"source", "."} and call.args:
        script = call.args[0].rpartition("/")[2]
        if _SCRIPT.match(script):
            yield _offence(Trust.ELEVATED, script, "by its name it deploys")


def _tool(call: Call, words: tuple[str, ...]) -> Iterator[Offence]:
    said = set(words[: 3 if call.name in _NOUN_FIRST else 1])
    lost = said & _DESTROYS.get(call.name, frozenset())
    if lost and call.name == "kind" and "--name" in call.args:
        yield _offence(_of_several(call), "kind delete", "others may use it")
        return
    if lost:
        why = "it destroys what runs elsewhere"
        yield _offence(Trust.ADMIN, f"{call.name} {min(lost)}", why)
        return
    changes = _CHANGES.get(call.name, frozenset())
    if "" in changes and words:
        yield _offence(Trust.ELEVATED, call.name, "it changes what runs elsewhere")
        return
    changed = said & changes
    if changed == {"rollout"} and words[1:2] in {("status",), ("history",)}:
        return
    if changed:
        operation = f"{call.name} {min(changed)}"
        yield _offence(Trust.ELEVATED, operation, "it changes what runs elsewhere")
    if call.name == "terraform":
        if "-destroy" in call.args:
            yield _offence(Trust.ADMIN, "terraform -destroy", "it destroys what runs elsewhere")
        if words[:2] in {("state", "rm"), ("state", "push"), ("state", "mv"),
                         ("workspace", "delete")}:  # fmt: skip
            why = "it rewrites what is known of what runs elsewhere"
            yield _offence(Trust.ADMIN, " ".join(("terraform", *words[:2])), why)
    if call.name == "vercel" and "--prod" in call.args and not changed:
        yield _offence(Trust.ELEVATED, "vercel --prod", "it changes what runs elsewhere")
    if call.name == "nomad" and words[:2] == ("job", "stop"):
        yield _offence(Trust.ADMIN, "nomad job stop", "it destroys what runs elsewhere")


def _containers(call: Call, words: tuple[str, ...]) -> Iterator[Offence]:
    """Containers and volumes of this machine, which others use too."""
    if call.name == "docker-compose":
        words = ("compose", *words)
    if words[:1] == ("compose",):
        rest = behind(words[1:], ("-f", "-p", "--file", "--project-name", "--profile"))
        if rest[:1] == ("down",) and {"-v", "--volumes"} & set(call.args):
            yield Offence(Category.DATABASE, Trust.ELEVATED, "docker compose down -v",
                          "it deletes volumes, and the data in them")  # fmt: skip
        return
    flags = {letter for each in call.args if re.fullmatch(r"-[a-z]+", each) for letter in each}
    match words[:2]:
        case ("system" | "volume" | "image" | "container" | "network" | "builder", "prune"):
            yield _offence(Trust.ELEVATED, f"docker {words[0]} prune", "others use them too")
        case ("volume", "rm" | "remove"):
            yield Offence(Category.DATABASE, Trust.ELEVATED, "docker volume rm",
                          "it deletes a volume, and the data in it")  # fmt: skip
        case ("rm" | "rmi", _) if "f" in flags or "--force" in call.args:
            yield _offence(_of_several(call), f"docker {words[0]} -f", "others may use it")
        case ("kill", _):
            yield _offence(_of_several(call), "docker kill", "others may use it")
        case ("swarm" | "stack" | "service", "leave" | "deploy" | "rm" | "update"):
            yield _offence(Trust.ADMIN, f"docker {words[0]} {words[1]}", "it changes a cluster")
        case _:
            pass
    if "--push" in call.args and "buildx" in words[:1]:
        yield _offence(Trust.ELEVATED, "docker buildx --push", "it changes what runs elsewhere")
    if "--privileged" in call.args:
        yield Offence(Category.SYSTEM, Trust.ADMIN, "docker --privileged", "it opens the machine")


def _of_several(call: Call) -> Trust:
    """Who names a container may end it; who takes whichever there are may not."""
    return Trust.ELEVATED if any(HOLE in each for each in call.args) else Trust.STANDARD


def _cloud(call: Call) -> Iterator[Offence]:
    words = [each for each in behind(call.args, ("--profile", "--region", "--project", "-g"))
             if not each.startswith("-")]  # fmt: skip
    if call.name == "aws" and words[:1] == ["s3"]:
        verb = words[1] if len(words) > 1 else ""
        if (
            verb == "rb"
            or (verb == "rm" and "--recursive" in call.args)
            or (verb == "sync" and "--delete" in call.args)
        ):
            yield _offence(Trust.ADMIN, f"aws s3 {verb}", "it deletes what is stored elsewhere")
        elif verb == "rm" or (verb in {"cp", "mv", "sync"} and words[-1].startswith("s3://")):
            yield _offence(Trust.ELEVATED, f"aws s3 {verb}", "it changes what is stored elsewhere")
        return
    for each in words[1:5]:
        if _CLOUD_LOSS.match(each):
            yield _offence(Trust.ADMIN, f"{call.name} {words[0]} {each}",
                           "it destroys what runs elsewhere")  # fmt: skip
            return
        if _CLOUD_CHANGE.match(each) and words[0] not in {"auth", "config", "configure"}:
            yield _offence(Trust.ELEVATED, f"{call.name} {words[0]} {each}",
                           "it changes what runs elsewhere")  # fmt: skip
            return
