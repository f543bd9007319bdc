"""``qwen-orch agent-sim``: a coding agent that needs no model, for demos, tests and people without a key.

It speaks the Agent Client Protocol as Qwen Code does, and does what the prompt says, word for word, so that a run can
be repeated. `agent` answers the protocol, `turn` is one prompt being worked on, `verbs` is what a prompt can ask for,
`worker` what is done when it asks for nothing.
"""
