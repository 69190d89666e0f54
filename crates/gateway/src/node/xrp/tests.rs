//! The road against servers whose words a test writes down, and against the stand-in.
