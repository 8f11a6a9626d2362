"""The foundations of configurations: the pydantic base, YAML with line numbers, shared field types, networks."""
