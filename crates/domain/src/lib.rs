//! Values and rules of electronic seals: no I/O, no clock.
