"""What a step would do to this cluster now, as values."""
