//! Messages between gateway and co-signers, their frames, the pinned channel and the roster.
