//! The innermost part of a product: a tile of the output that the registers hold.
//!
//! Whatever the tile's size, every element is a sum in the order of the depth, by fused
//! multiplications and additions: AVX-512 and AVX2 give equal bits.

/// The product of a panel of each factor.
pub trait Tile {
    /// Rows of the tile, and lines of the left factor's panels.
    const ROWS: usize;
    /// Columns of the tile, and lines of the right factor's panels.
    const COLUMNS: usize;

    /// Writes the product to a tile whose rows begin `row` values apart; adds it if `add`.
    ///
    /// # Safety
    ///
    /// The processor must have the tile's instructions; the panels must hold `depth` times
    /// `ROWS` and `COLUMNS` values; and no other borrow of the tile may be alive.
    unsafe fn multiply(
        depth: usize,
        left: *const f32,
        right: *const f32,
        output: *mut f32,
        row: usize,
        add: bool,
    );
}

/// Runs a function that is generic over the tile with the best one of the processor.
macro_rules! with_tile {
    ($function:ident($($argument:expr),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx512f") {
            $function::<$crate::product::tile::Avx512>($($argument),*)
        } else if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            $function::<$crate::product::tile::Avx2>($($argument),*)
        } else {
            $function::<$crate::product::tile::Portable>($($argument),*)
        }
        #[cfg(not(target_arch = "x86_64"))]
        $function::<$crate::product::tile::Portable>($($argument),*)
    }};
}
pub(super) use with_tile;

/// A tile of vectors of one width, from that width's instructions.
#[cfg(target_arch = "x86_64")]
macro_rules! vector_tile {
    (
        $name:ident, $function:ident, $features:literal, $width:literal, $rows:literal,
        $vectors:literal, $zero:ident, $load:ident, $store:ident, $splat:ident, $fma:ident,
        $add:ident
    ) => {
        #[doc = concat!("A tile by ", $features, ".")]
        pub struct $name;

        impl Tile for $name {
            const ROWS: usize = $rows;
            const COLUMNS: usize = $vectors * $width;

            #[inline(always)]
            unsafe fn multiply(
                depth: usize,
                left: *const f32,
                right: *const f32,
                output: *mut f32,
                row: usize,
                add: bool,
            ) {
                // SAFETY: by this function's contract.
                unsafe { $function(depth, left, right, output, row, add) }
            }
        }

        /// # Safety
        ///
        /// As for `Tile::multiply`.
        #[target_feature(enable = $features)]
        unsafe fn $function(
            depth: usize,
            left: *const f32,
            right: *const f32,
            output: *mut f32,
            row: usize,
            add: bool,
        ) {
            use std::arch::x86_64::*;
            // SAFETY: all offsets are within the panels and the tile, by the contract.
            unsafe {
                let mut sums = [[$zero(); $vectors]; $rows];
                for k in 0..depth {
                    let mut of_right = [$zero(); $vectors];
                    for (n, vector) in of_right.iter_mut().enumerate() {
                        *vector = $load(right.add((k * $vectors + n) * $width));
                    }
                    for (r, sums) in sums.iter_mut().enumerate() {
                        let of_left = $splat(*left.add(k * $rows + r));
                        for (sum, vector) in sums.iter_mut().zip(of_right) {
                            *sum = $fma(of_left, vector, *sum);
                        }
                    }
                }
                for (r, sums) in sums.into_iter().enumerate() {
                    for (n, sum) in sums.into_iter().enumerate() {
                        let place = output.add(r * row + n * $width);
                        let before = if add { $add($load(place), sum) } else { sum };
                        $store(place, before);
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector_tile!(
    Avx512,
    multiply_avx512,
    "avx512f",
    16,
    8,
    3,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps
);

#[cfg(target_arch = "x86_64")]
vector_tile!(
    Avx2,
    multiply_avx2,
    "avx2,fma",
    8,
    6,
    2,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps
);

/// A tile by whatever the compiler makes of it: NEON on ARM. Processors of Intel's family without
/// FMA round differently.
pub struct Portable;

impl Tile for Portable {
    const ROWS: usize = 8;
    const COLUMNS: usize = 8;

    unsafe fn multiply(
        depth: usize,
        left: *const f32,
        right: *const f32,
        output: *mut f32,
        row: usize,
        add: bool,
    ) {
        let mut sums = [[0.0f32; 8]; 8];
        // SAFETY: all offsets are within the panels and the tile, by the contract.
        unsafe {
            for k in 0..depth {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (n, sum) in sums.iter_mut().enumerate() {
                        let (l, r) = (*left.add(k * 8 + r), *right.add(k * 8 + n));
                        *sum = multiply_add(l, r, *sum);
                    }
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                for (n, sum) in sums.into_iter().enumerate() {
                    let place = output.add(r * row + n);
                    *place = if add { *place + sum } else { sum };
                }
            }
        }
    }
}

/// Fused where the processor surely has an instruction for it; as a function it would be slow.
#[inline(always)]
fn multiply_add(left: f32, right: f32, sum: f32) -> f32 {
    if cfg!(target_arch = "x86_64") {
        left * right + sum
    } else {
        left.mul_add(right, sum)
    }
}
