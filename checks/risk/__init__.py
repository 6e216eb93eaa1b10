"""The risk of a command, from its argv."""
