"""Sending a plan's writes: whose turn it is, the rollback point, one write, its proof."""
