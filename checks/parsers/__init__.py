"""Parsers of what OVN, Open vSwitch and Linux print; `checks.parse` chooses among them."""
