"""The cluster: reading it, judging it, walking through guides, fixing it. No screen in here."""
