//! An array in NumPy's format, read as published features are.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| amst_data::fuzzing::npy(bytes));
