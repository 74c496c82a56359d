//! amst
