"""The tests of checks in YAML, run through parser and judge."""
