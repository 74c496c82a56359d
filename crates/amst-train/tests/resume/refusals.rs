//! Checkpoints and directories that a run does not go on from.
