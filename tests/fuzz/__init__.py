"""Configurations made from the JSON Schemas of all kinds of clouds, and what the program makes of them.

`python -m tests.fuzz` runs as many as are asked for; the tests run some with fixed seeds.
"""
