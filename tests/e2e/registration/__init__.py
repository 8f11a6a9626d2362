"""The real `anyscale` program against an emulated control plane."""
