//! How large pictures may be.

/// The most pixels a file may declare (8192 x 8192); more is taken for a
/// decompression bomb.
pub const MAX_PIXELS: usize = 1 << 26;

/// The longest side this crate resizes from or to.
pub(crate) const MAX_SIDE: usize = u16::MAX as usize;
