"""What walking a cause would mean, before its first step."""
