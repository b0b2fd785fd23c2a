"""The sequencer's blocks into L1's log, derived and compared before they are posted."""
