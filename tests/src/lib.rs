//! End-to-end tests: real daemon, real SoftHSM, independent judges.
