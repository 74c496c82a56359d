//! amst-encoders
