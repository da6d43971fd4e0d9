"""What agents do to worktrees: shell scripts, and the changes that must come to light."""

NESTED = "git init -q sub; cd sub; git -c user.name=a -c user.email=b commit -q --allow-empty -m x"

TRAPS = {
    "plainly": ("echo x > docs/new.md", {("A", "docs/new.md")}),
    "by a change": ("echo x >> docs/readme.md", {("M", "docs/readme.md")}),
    "by a rename": (
        "mv docs/readme.md src/readme.md",
        {("D", "docs/readme.md"), ("A", "src/readme.md")},
    ),
    "by a mode": ("chmod +x tool.sh", {("M", "tool.sh")}),
    "by deleting": ("rm docs/readme.md", {("D", "docs/readme.md")}),
    "by a symbolic link": ("ln -s /etc/passwd src/link", {("A", "src/link")}),
    "through a symbolic link": (
        "mkdir other; ln -s ../other src/out; echo x > src/out/new",
        {("A", "src/out"), ("A", "other/new")},
    ),
    "by a link in a file's place": ("ln -sf tool.sh src/a.py", {("T", "src/a.py")}),
    "by a link in a folder's place": (
        "mv src gone; ln -s gone src",
        {
            ("D", "src/a.py"),
            ("D", "src/b.py"),
            ("A", "gone/a.py"),
            ("A", "gone/b.py"),
            ("A", "src"),
        },
    ),
    "by a folder in a file's place": (
        "rm tool.sh; mkdir tool.sh; echo x > tool.sh/in",
        {("D", "tool.sh"), ("A", "tool.sh/in")},
    ),
    "by a file in a folder's place": (
        "rm -r docs; echo x > docs",
        {("D", "docs/readme.md"), ("A", "docs")},
    ),
    "by an ignored file added by force": (
        "echo x > secret.env; git add -f secret.env",
        {("A", "secret.env")},
    ),
    "by an ignored file committed": (
        "echo x > secret.env; git add -f secret.env; git commit -qm x",
        {("A", "secret.env")},
    ),
    "by a name that is no ASCII": ("echo x > 'docs/größe ☃.md'", {("A", "docs/größe ☃.md")}),
    "by a name with a newline": ("printf x > 'docs/a\nb'", {("A", "docs/a\nb")}),
    "by a name that is no UTF-8": (
        "printf x > \"docs/$(printf '\\377')\"",
        {("A", "docs/\udcff")},
    ),
    "by a name like a pathspec": (
        "echo x > ':(top)*'; echo y > '*.py'",
        {("A", ":(top)*"), ("A", "*.py")},
    ),
    "by commits of its own": (
        "echo x > docs/x; git add -A; git commit -qm 1;"
        "echo y > docs/y; git add -A; git commit -qm 2",
        {("A", "docs/x"), ("A", "docs/y")},
    ),
    "on a branch of its own": (
        "git checkout -q -b plait/mine; echo x > docs/x; git add -A; git commit -qm 1; echo y > y",
        {("A", "docs/x"), ("A", "y")},
    ),
    "by resetting": (
        "echo x > new; git add new; git reset -q --soft HEAD; rm src/a.py",
        {("A", "new"), ("D", "src/a.py")},
    ),
    "behind assume-unchanged": (
        "git update-index --assume-unchanged src/a.py; echo evil > src/a.py",
        {("M", "src/a.py")},
    ),
    "behind skip-worktree": (
        "git update-index --skip-worktree src/a.py; echo evil > src/a.py",
        {("M", "src/a.py")},
    ),
    "behind an intent to add": ("echo x > new; git add -N new", {("A", "new")}),
    "with a staged file gone": (
        "echo x > new; git add new; rm new; echo y > other",
        {("A", "other")},
    ),
    "with a broken index": (
        "echo x > new; echo junk > $(git rev-parse --git-dir)/index",
        {("A", "new")},
    ),
    "with a lock left": (
        "touch $(git rev-parse --git-dir)/index.lock; echo x > new",
        {("A", "new")},
    ),
    "with the .git file gone": ("rm .git; echo x > new", {("A", "new")}),
    "with a repository of its own": (
        "rm .git; git init -q; git add -A; echo x > new",
        {("A", "new")},
    ),
    "without HEAD": ("git checkout -q --orphan lost; echo x > new", {("A", "new")}),
    "by a nested repository": (
        NESTED,
        {("A", "sub")},
    ),
    "by a nested repository without commit": ("git init -q sub; echo x > sub/f", {("A", "sub/f")}),
    "in a conflict": (
        "git checkout -q -b plait/o; echo 1 > src/a.py; git commit -qam 1;"
        "git checkout -q --detach HEAD^;"
        "echo 2 > src/a.py; git commit -qam 2; ! git merge -q plait/o; echo x > new",
        {("M", "src/a.py"), ("A", "new")},
    ),
    "in a rebase": (
        "echo 1 > new; git add -A; git commit -qm 1;"
        "GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' git rebase -q -i HEAD^;"
        "echo 2 > other",
        {("A", "new"), ("A", "other")},
    ),
    "with a file that is no file": ("rm src/a.py; mkfifo src/a.py fifo", {("D", "src/a.py")}),
}

# Left behind in a worktree that is given back as clean enough to be lent again.
DIRT = {
    "files": "echo x > new; echo y > src/a.py; rm src/b.py; mkdir -p build/x; echo z > build/x/y",
    "commits": "echo x > new; git add -A; git commit -qm x; git checkout -q -b plait/b",
    "assume-unchanged": "git update-index --assume-unchanged src/a.py; echo evil > src/a.py",
    "skip-worktree": "git update-index --skip-worktree src/a.py; echo evil > src/a.py",
    "same size and time": "cp -p src/a.py t; echo 'a = 2' > src/a.py; touch -r t src/a.py; rm t",
    "broken index": "echo junk > $(git rev-parse --git-dir)/index",
    "locks": "cd $(git rev-parse --git-dir); touch index.lock HEAD.lock",
    "no .git": "rm .git",
    "no metadata": "rm -r $(git rev-parse --git-dir)",
    "broken HEAD": "echo junk > $(git rev-parse --git-dir)/HEAD",
    "conflict": TRAPS["in a conflict"][0],
    "rebase": TRAPS["in a rebase"][0],
    "bisect": "git bisect start; git bisect bad; git bisect good HEAD; true",
    "nested": "git init -q sub; echo x > sub/f",
    "read-only": "mkdir -p ro/in; echo x > ro/in/f; chmod 0555 ro/in ro",
    "link for folder": "mv src ../elsewhere; ln -s ../elsewhere src",
    "moved and linked": "mv src lib; ln -s lib src; git add -A; git commit -qm x",
    "sparse": "git sparse-checkout set docs; true",
    "everything gone": "rm -rf .git * .gitignore",
}
