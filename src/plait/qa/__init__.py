"""What tries a landed tree: one child process for each item, started as `python -I -m plait.qa`.

A driver reads its order from standard input and leaves its outcome in a file. Heavy libraries
(pexpect and pyte, Playwright, schemathesis) are imported by the driver that needs them; where one
is missing, the outcome is `not_run`, with the reason. Whatever a driver starts ends with it.
"""
