"""The coordinator: operations by which agents of any tool join runs, described once.

HTTP and MCP are faces over `desk`; each verb lies with those of its kind: `sessions`, `work`,
`locks`. Whatever a verb does, it does in one transaction of the store.
"""
