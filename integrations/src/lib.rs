//! Integrations as data: the interpreter, its transports and the twins.
