//! Starts real processes for demo, tests, attacks and benchmarks.
