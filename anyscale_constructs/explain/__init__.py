"""A cloud in one page: what its stacks make, who reaches it, what it costs and what a destroy keeps."""
