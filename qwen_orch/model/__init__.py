"""Frozen data: what is stored and shown. No I/O, no clock, no randomness; imports nothing of ours but errors."""
