"""Explains a cloud on one page: what its stacks create, who can reach it, what costs money, what a destroy keeps."""
