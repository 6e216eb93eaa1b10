"""The staged cluster behind the practice API server: OVSDB tables, commands, processes, logs and controllers."""
