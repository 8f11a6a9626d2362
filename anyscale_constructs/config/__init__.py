"""What configurations are built of: the pydantic base, YAML with its lines, shared field types, networks."""
