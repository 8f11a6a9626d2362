"""The real `anyscale` program against a control plane of our own."""
