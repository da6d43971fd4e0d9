# The baseline: the sequential loop a person would write. It does for each package what Plait
# does with no checks: a worktree on a branch of its own, the agent, a commit, a merge.
# usage: naive.sh REPOSITORY WORKTREES PACKAGES AGENT
set -eu
repository=$1 worktrees=$2 packages=$3 agent=$4
cd "$repository"
git worktree add -q -b integration "$worktrees/integration" main
number=0
while [ "$number" -lt "$packages" ]; do
    PLAIT_PACKAGE=$(printf 'wp-%03d' "$number")
    export PLAIT_PACKAGE
    tree=$worktrees/$PLAIT_PACKAGE
    git worktree add -q -b "package/$PLAIT_PACKAGE" "$tree" main
    (cd "$tree" && /bin/sh -c "$agent")
    git -C "$tree" add -A
    git -C "$tree" commit -q -m "$PLAIT_PACKAGE"
    git -C "$worktrees/integration" merge -q --no-ff --no-edit "package/$PLAIT_PACKAGE"
    git worktree remove "$tree"
    number=$((number + 1))
done
