"""One page for who does not query tables."""
