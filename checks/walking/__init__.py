"""One operator going through one guide on one cluster, and the way back."""
