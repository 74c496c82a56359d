//! amst-fbank
