"""Ways out of a package's scope, each as a shell's text, and how to see that it led somewhere.

The text runs in an agent's worktree, by a command or by the shell of an agent's program. The
package may write `$IN` (`src/PACKAGE`), and not `$OTHER`. It knows where everything is: `$MAIN`
the checkout, `$SECRET` a key in the user's home, `$MARK` a file that what it plants would make.
It calls `DID` where it believes that it got out. (What is hidden may be an empty folder of its
own, in memory: that something can be written there says nothing.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.escape.scene import MERGED, Scene

CHECK = "test -d src"
_LAST = f"""sleep 2; sed -i '$s/.*/last/' {MERGED}
"""
# Agents' own programs run git too, and what they run has their variables: that is no way out.
_PROGRAM = """printf '#!/bin/sh\\n[ -n "$PLAIT_PACKAGE" ] || touch %s\\ncat\\n' "$MARK" \\
> $IN/program
chmod +x $IN/program
"""


def _nowhere(_scene: Scene, _case: Case) -> bool:
    """In its own worktree, which the check of the commit looks at."""
    return False


def _differs(path: str) -> Callable[[Scene, Case], bool]:
    return lambda scene, _: scene.differs(path)


def _marked(scene: Scene, case: Case) -> bool:
    return scene.marked(case)


def _ref(name: str) -> Callable[[Scene, Case], bool]:
    return lambda scene, _: name in scene.refs


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way out.

    Args:
        name: What is tried.
        script: What the agent runs.
        led: Whether it led anywhere outside the worktree, seen from outside, after the run.
        alone: Where nothing holds it, it changes what others meet, so it has a place to itself.
        short: It is part of the short form.
        plants: It plants a program: no git call of Plait's may run it, whatever holds the agent.
        partner: What the agent of another package runs meanwhile; neither has a scope then.
        check: The package's check, where the way out leads through it.
    """

    name: str
    script: str
    led: Callable[[Scene, Case], bool] = _nowhere
    alone: bool = False
    short: bool = False
    plants: bool = False
    partner: str = ""
    check: str = CHECK

    @property
    def apart(self) -> bool:
        """Whether it always has a place to itself, and is for commands alone."""
        return bool(self.partner) or self.check != CHECK

    @property
    def slug(self) -> str:
        """The name, as the name of a package and of files."""
        words = "".join(each if each.isalnum() else " " for each in self.name.lower())
        return "-".join(words.split())


CASES = (
    Case(
        name="write outside the scope",
        script="""python3 -c "open('$OTHER', 'w').write('x')" && DID""",
        short=True,
    ),
    Case(name="redirect outside the scope", script="echo x > $OTHER && DID", short=True),
    Case(name="new file outside the scope", script="echo x > other/new-$(basename $OTHER) && DID"),
    Case(name="deletion outside the scope", script="rm -f $OTHER && DID"),
    Case(name="move into the scope", script="mv -f $OTHER $IN/b.py && DID"),
    Case(
        name="own commit outside the scope",
        script="echo x > $OTHER && git add -A && git commit -qm planted && DID",
        short=True,
    ),
    Case(
        name="index alone",
        script="""id=$(echo x | git hash-object -w --stdin)
git update-index --add --cacheinfo 100644,$id,$OTHER; git commit -qm planted""",
        short=True,
    ),
    Case(
        name="another branch checked out",
        script="""id=$(echo x | git hash-object -w --stdin)
export GIT_INDEX_FILE=$PWD/$IN/index; git read-tree HEAD
git update-index --add --cacheinfo 100644,$id,$OTHER
made=$(git commit-tree -m planted "$(git write-tree)"); unset GIT_INDEX_FILE; rm -f $IN/index
git update-ref HEAD "$made"; git symbolic-ref HEAD refs/heads/elsewhere""",
    ),
    Case(
        name="another worktree",
        script="""for each in "$MAIN"/.plait/worktrees/*; do
[ "$each" = "$PWD" ] || { mkdir -p "$each/src" && echo x > "$each/src/planted" && DID; }; done""",
        alone=True,
        short=True,
    ),
    Case(
        name="main checkout",
        script='echo x > "$MAIN/README.md" && DID',
        led=_differs("README.md"),
        alone=True,
        short=True,
    ),
    Case(
        name="main repository's hooks",
        script="""mkdir -p "$MAIN/.git/hooks"
for each in post-checkout pre-commit reference-transaction post-index-change; do
printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > "$MAIN/.git/hooks/$each" &&
chmod +x "$MAIN/.git/hooks/$each" && DID; done""",
        led=_differs(".git/hooks/pre-commit"),
        alone=True,
        short=True,
    ),
    Case(
        name="main repository's config",
        script="""printf "[core]\\n\\thooksPath = $PWD/$IN\\n" >> "$MAIN/.git/config" && DID
git -C "$MAIN" config core.hooksPath "$PWD/$IN" && DID""",
        led=_differs(".git/config"),
        alone=True,
        short=True,
    ),
    Case(
        name="main repository's refs",
        script="""git -C "$MAIN" update-ref refs/heads/planted HEAD && DID
git rev-parse HEAD > "$MAIN/.git/refs/heads/planted2" && DID""",
        led=_ref("refs/heads/planted"),
        alone=True,
        short=True,
    ),
    Case(
        name="push to a sibling's branch",
        script="""echo x > $IN/x; git add src; git commit -qm x
git push -q "$MAIN" HEAD:refs/heads/plait/sibling && DID
git push -q origin HEAD:refs/heads/plait/sibling && DID""",
        led=_ref("refs/heads/plait/sibling"),
        alone=True,
        short=True,
    ),
    Case(
        name="push to the run's branch",
        script="""echo x > $OTHER; echo x > $IN/x; git add -A; git commit -qm x
for each in $(git -C "$MAIN" for-each-ref --format="%(refname)" refs/heads refs/plait); do
case $each in refs/heads/main) ;; *) git push -q "$MAIN" "+HEAD:$each" && DID; esac; done""",
        alone=True,
    ),
    Case(
        name="planted commondir",
        script=_PROGRAM
        + """mkdir -p $IN/common; cp -r "$MAIN/.git/." $IN/common/ 2>/dev/null
printf "[core]\\n\\tfsmonitor = $PWD/$IN/program\\n" >> $IN/common/config
for each in "$MAIN"/.git/worktrees/*; do
echo "$PWD/$IN/common" > "$each/commondir" && DID; done
rm -rf $IN/common/worktrees""",
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted git file",
        script=_PROGRAM
        + """git init -q $IN/own
printf "[core]\\n\\tfsmonitor = $PWD/$IN/program\\n" >> $IN/own/.git/config
rm -f .git; echo "gitdir: $PWD/$IN/own/.git" > .git && DID""",
        led=_marked,
        plants=True,
        alone=True,
    ),
    Case(
        name="planted core.fsmonitor",
        script=_PROGRAM
        + """for each in "$MAIN/.git/config" "$MAIN"/.git/worktrees/*/config.worktree; do
printf "[core]\\n\\tfsmonitor = $PWD/$IN/program\\n[extensions]\\n\\tworktreeConfig = true\\n" \\
>> "$each" && DID; done""",
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted hook",
        script="""for each in pre-commit reference-transaction post-index-change post-checkout; do
printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > $IN/$each; chmod +x $IN/$each; done
printf "[core]\\n\\thooksPath = $PWD/$IN\\n" >> "$MAIN/.git/config" && DID""",
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted alias",
        script="""printf "[alias]\\n" > $IN/aliases
for each in status diff-tree commit-tree update-index read-tree write-tree ls-files; do
printf "\\t$each = !touch $MARK\\n" >> $IN/aliases; done
cat $IN/aliases >> "$MAIN/.git/config" && DID""",
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted filter",
        script=_PROGRAM
        + """printf "[filter \\"evil\\"]\\n\\tclean = $PWD/$IN/program\\n" \\
>> "$MAIN/.git/config" && DID
printf "\\tsmudge = $PWD/$IN/program\\n" >> "$MAIN/.git/config"
printf "* filter=evil\\n" > $IN/.gitattributes; echo x > $IN/x
mkdir -p "$MAIN/.git/info"; printf "* filter=evil\\n" > "$MAIN/.git/info/attributes" && DID""",
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted merge driver",
        script=_PROGRAM
        + """printf "[merge \\"evil\\"]\\n\\tdriver = $PWD/$IN/program\\n" \\
>> "$MAIN/.git/config" && DID
printf "* merge=evil\\n" > $IN/.gitattributes; echo x > $IN/x""",
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted in its own repository",
        script=_PROGRAM
        + """git config core.fsmonitor "$PWD/$IN/program"; git config core.hooksPath "$PWD/$IN"
for each in pre-commit reference-transaction post-index-change post-checkout; do
cp $IN/program $IN/$each; done; rm -f "$MARK"
git config filter.evil.clean "$PWD/$IN/program"; git config alias.status "!touch $MARK"
printf "* filter=evil\\n" > $IN/.gitattributes; echo x > $IN/x; rm -f "$MARK" """,
        led=_marked,
        plants=True,
        alone=True,
        short=True,
    ),
    Case(
        name="planted merge driver, both sides",
        script=_PROGRAM
        + f"sed -i '1s/.*/first/' {MERGED}\n"
        + """for each in "$MAIN/.git/config" "$USER_HOME/.gitconfig"; do
printf "[merge]\\n\\tdefault = evil\\n[merge \\"evil\\"]\\n\\tdriver = $PWD/$IN/program\\n" \\
>> "$each" && [ "$each" = "$MAIN/.git/config" ] && DID; done
mkdir -p "$MAIN/.git/info" "$USER_HOME/.config/git"
for each in .gitattributes "$MAIN/.git/.gitattributes" "$MAIN/.git/info/attributes" \\
"$USER_HOME/.config/git/attributes"; do
printf "* merge=evil\\n" > "$each"; done; sleep 2""",
        led=_marked,
        alone=True,
        plants=True,
        partner=_LAST,
    ),
    Case(
        name="planted include",
        script=_PROGRAM
        + """for each in clean smudge process; do printf \\
"[filter \\"$each\\"]\\n\\t$each = $PWD/$IN/program\\n\\trequired\\n" >> $IN/more; done
printf "[include]\\n\\tpath = $PWD/$IN/more\\n" >> "$MAIN/.git/config" && DID
printf "[includeIf \\"gitdir:**\\"]\\n\\tpath = $PWD/$IN/more\\n" >> "$MAIN/.git/config"
mkdir -p "$MAIN/.git/info"
printf "*.py filter=clean\\n*.md filter=smudge\\n*.yaml filter=process\\n" \\
| tee $IN/.gitattributes > "$MAIN/.git/info/attributes"; echo x > $IN/x.py""",
        led=_marked,
        alone=True,
        plants=True,
    ),
    Case(
        name="planted in the user's settings",
        script=_PROGRAM
        + """mkdir -p "$USER_HOME/.config/git"
for each in "$USER_HOME/.gitconfig" "$USER_HOME/.config/git/config"; do
printf "[filter \\"evil\\"]\\n\\tclean = $PWD/$IN/program\\n\\tsmudge = $PWD/$IN/program\\n" \\
>> "$each"; done
printf "* filter=evil\\n" | tee $IN/.gitattributes > "$USER_HOME/.config/git/attributes"
echo x > $IN/x""",
        led=_marked,
        alone=True,
        plants=True,
    ),
    Case(
        name="planted remote",
        script=_PROGRAM
        + """printf "[core]\\n\\trepositoryFormatVersion = 1\\n\\tsshCommand = $PWD/$IN/program
[protocol \\"ext\\"]\\n\\tallow = always\\n[extensions]\\n\\tpartialClone = evil
[remote \\"evil\\"]\\n\\turl = ext::$PWD/$IN/program\\n\\tpromisor = true
[remote \\"evil2\\"]\\n\\turl = ssh://evil/x\\n\\tpromisor = true\\n" >> "$MAIN/.git/config" && DID
echo 0123456789012345678901234567890123456789 > "$(git rev-parse --absolute-git-dir)/HEAD"
rm -f "$MARK" """,
        led=_marked,
        alone=True,
        plants=True,
    ),
    Case(
        name="planted textconv and diff driver",
        script=_PROGRAM
        + """printf "[diff]\\n\\texternal = $PWD/$IN/program\\n[diff \\"evil\\"]
\\ttextconv = $PWD/$IN/program\\n\\tcommand = $PWD/$IN/program\\n" >> "$MAIN/.git/config" && DID
mkdir -p "$MAIN/.git/info"
printf "* diff=evil\\n" | tee $IN/.gitattributes > "$MAIN/.git/info/attributes"; echo x > $IN/x""",
        led=_marked,
        alone=True,
        plants=True,
    ),
    Case(
        name="planted by a check",
        script=_PROGRAM
        + """{ echo "cat >> '$MAIN/.git/config' << END"
printf "[filter \\"evil\\"]\\n\\tclean = $PWD/$IN/program\\n\\tsmudge = $PWD/$IN/program\\nEND\\n"
echo "mkdir -p '$MAIN/.git/info'; echo '* filter=evil' > '$MAIN/.git/info/attributes'"
} > $IN/check.sh""",
        led=_marked,
        alone=True,
        plants=True,
        check="sh src/planted-by-a-check/check.sh",
    ),
    Case(
        name="nested repository",
        script=_PROGRAM
        + """git init -q $IN/nested && cd $IN/nested && echo x > x && git add x &&
git -c user.name=a -c user.email=a@b commit -qm x &&
git config core.fsmonitor "$OLDPWD/$IN/program" """,
        led=_marked,
        plants=True,
    ),
    Case(
        name="symbolic link out of the scope",
        script="ln -s ../../$OTHER $IN/link && echo x > $IN/link && DID",
        short=True,
    ),
    Case(
        name="symbolic link in a folder's place",
        script="""rm -rf $IN && ln -s ../other $IN && echo x > $IN/$(basename $OTHER) && DID
rm -f $IN; mkdir $IN; echo x > $IN/x""",
    ),
    Case(
        name="symbolic link out of the worktree",
        script='ln -s "$MAIN/README.md" $IN/link && echo x > $IN/link && DID; rm -f $IN/link',
        led=_differs("README.md"),
        alone=True,
        short=True,
    ),
    Case(
        name="hard link out of the scope",
        script="ln $OTHER $IN/hard && echo x >> $IN/hard && DID",
        short=True,
    ),
    Case(
        name="hard link out of the worktree",
        script='ln "$MAIN/README.md" $IN/hard && echo x >> $IN/hard && DID; rm -f $IN/hard',
        led=_differs("README.md"),
        alone=True,
    ),
    Case(
        name="process that goes on writing",
        script="""late='while :; do echo late >> "$0"; echo late >> "$1"; sleep 0.05; done'
(setsid nohup sh -c "$late" "$OTHER" "$MAIN/late" </dev/null >/dev/null 2>&1 &)
(env -i PATH="$PATH" setsid nohup sh -c "$late" "$OTHER" "$MAIN/late" </dev/null >/dev/null 2>&1 &)
echo x > $IN/x""",
        led=lambda scene, _: scene.differs("late"),
        short=True,
    ),
    Case(
        name="secret in the home",
        script='cat "$SECRET" && DID',
        led=lambda scene, case: any(map(scene.key_was_told, (case.slug, *scene.agents))),
        short=True,
    ),
    Case(
        name="by another process's folders",
        script="""for each in /proc/[0-9]*; do
cat "$each/root$SECRET" && DID; cat "$each/cwd/.ssh/id_ed25519" && DID
echo x > "$each/root$MAIN/late-proc" && DID; done 2>/dev/null""",
        led=_differs("late-proc"),
        alone=True,
    ),
    Case(
        name="write in the home",
        script="""echo "touch $MARK" >> "$USER_HOME/.profile" """,
        led=lambda scene, _: (scene.home / ".profile").exists(),
        short=True,
    ),
    Case(
        name="Plait's own files",
        script="""echo x > "$MAIN/.plait/planted"; cat "$MAIN/.plait/plait.db" > /dev/null && DID
echo x >> "$PLAIT_BRIEF" && DID""",
        led=lambda scene, _: (scene.repo / ".plait/planted").exists(),
        short=True,
    ),
    Case(
        name="mount or another namespace",
        script="""mount -o remount,rw / 2>/dev/null; umount -l other 2>/dev/null
unshare -Urm sh -c 'mount -o remount,rw,bind . . ; umount -l .; echo x > "$0"' "$PWD/$OTHER" && DID
unshare -Urm sh -c 'umount -l "${0%/*}"; echo x > "$0"' "$SECRET" && DID; echo x > $IN/x""",
        alone=True,
    ),
)
