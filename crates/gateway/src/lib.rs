//! The gateway: the payout API, the engine, the nodes, the callbacks and the operator's command line.
