//! Threshold signing sessions over byte messages: key generation, signing, refresh.
