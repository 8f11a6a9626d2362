"""Generates configurations from the JSON Schemas of all kinds of clouds, and runs the program on them.

`python -m tests.fuzz` runs any number of them; the tests run some with fixed seeds.
"""
