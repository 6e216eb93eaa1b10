"""What a cluster shows: triage, what is muted, what changed."""
