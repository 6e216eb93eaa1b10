"""What checks and steps have to be allowed, and the smallest roles for it."""
