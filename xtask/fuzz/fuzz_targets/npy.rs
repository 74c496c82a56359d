//! An array in NumPy's format, read as published features are: the length that the header declares is believed only
//! where it fits the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npyz::NpyFile;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = NpyFile::new(bytes) else { return };
    let values = file.shape().iter().try_fold(1_u64, |product, side| product.checked_mul(*side));
    if values.is_none_or(|values| values > bytes.len() as u64 / 4) {
        return;
    }
    let Ok(values) = file.into_vec::<f32>() else { return };
    assert!(values.len() * 4 <= bytes.len());
});
