//! The gRPC contract sealkeeper.v1 and its generated code.
