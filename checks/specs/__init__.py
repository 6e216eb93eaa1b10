"""Check files and guides to values, every mistake with its line."""
