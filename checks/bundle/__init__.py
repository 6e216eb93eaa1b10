"""Bundles: the facts of a cluster in one file, recorded, cleaned of secrets, replayed with the same verdicts.

`collect` runs checks through a `recording.Recording` and gives the `tape.Tape`; `archive` writes and reads the file;
`replay.Replayed` is a `Cluster` that answers from it; `compare` says what two bundles differ in.
"""
