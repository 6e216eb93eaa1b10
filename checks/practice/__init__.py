"""The practice cluster: a Kubernetes API on loopback (generic half), the staged cluster behind it (`sim`)."""
