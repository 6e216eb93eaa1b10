"""Commands to run elsewhere, and their output pasted."""
