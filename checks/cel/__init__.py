"""Conditions: CEL over plain values, three-valued."""
