//! amst-frames
