//! amst-data
