"""A scripted model: a server that speaks as models' services do, and answers by a script.

It lets the agents' real programs be driven without a model: `plait dev model` starts it. A
request is read into one form (`heard`), a script chosen for it and its place in the script
found (`scenario`, `place`), the script's step put into a call of a tool that the request itself
offers (`tools`), and the answer told in the way of the service that was asked (`anthropic`,
`chat`, `responses`, `gemini`).

The server remembers nothing of a conversation: its step is the number of answers that the
request itself shows. It counts faults alone, which a script may ask for a number of times.
"""
