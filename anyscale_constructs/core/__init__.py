"""The parts that are the same for every provider."""
