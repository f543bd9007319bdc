"""``qwen-orch mcp``: the report server, to which an agent reports and which it asks, over the Model Context Protocol.

`server` speaks the protocol, and starts before anything heavy is imported. `caller` says who calls: the agent in one
session of ours, by its token, or any client. `catalogue` says which tools that is offered. A tool is a `Tool` of
`tools`: a function with declared arguments, which answers a value or raises a typed error, as a command does. The
`queries` are the commands that only read.
"""
