//! amst-report
