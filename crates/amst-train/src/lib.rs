//! amst-train
