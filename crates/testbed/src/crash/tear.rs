//! What a loss of power leaves of a file.
