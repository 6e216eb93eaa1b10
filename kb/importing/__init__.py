"""Any document to a normalised article of a knowledge-base root: `kb.importing.run.import_sources` is the door."""
