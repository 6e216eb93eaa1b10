"""The journal, what it folds to, and the forms in which a session leaves this machine."""
