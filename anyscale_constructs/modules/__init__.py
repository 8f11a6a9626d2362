"""The generated wrappers of upstream modules, and the catalog of interfaces they come from."""
