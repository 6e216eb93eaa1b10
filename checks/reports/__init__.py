"""A run of checks for machines and files."""
