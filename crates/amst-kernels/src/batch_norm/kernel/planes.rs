//! A feature map that several threads write at the same time.

use std::marker::PhantomData;

use super::Dims;

/// A feature map whose planes are borrowed one by one, so that several threads can write channels
/// though these are interleaved in memory.
#[derive(Clone, Copy)]
pub struct SharedPlanes<'a> {
    start: *mut f32,
    dims: Dims,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: a plane is only reached through `plane`, whose caller ensures that no other thread has
// it.
unsafe impl Send for SharedPlanes<'_> {}
unsafe impl Sync for SharedPlanes<'_> {}

impl<'a> SharedPlanes<'a> {
    /// All planes of `map`, which must have the size that `dims` says.
    pub fn new(map: &'a mut [f32], dims: Dims) -> Self {
        assert_eq!(
            map.len(),
            dims.per_channel() * dims.channels,
            "an array of another shape"
        );
        Self {
            start: map.as_mut_ptr(),
            dims,
            owner: PhantomData,
        }
    }

    /// The plane of a picture's channel.
    ///
    /// # Safety
    ///
    /// No other borrow of this plane may be alive. Each channel belongs to one task, which takes
    /// its planes one after the other.
    #[inline(always)]
    pub unsafe fn plane(&self, picture: usize, channel: usize) -> &'a mut [f32] {
        assert!(picture < self.dims.batch && channel < self.dims.channels);
        // SAFETY: within the array by the assertion and by `new`; not aliased by the contract
        // above.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.start.add(self.dims.start(picture, channel)),
                self.dims.positions,
            )
        }
    }
}
