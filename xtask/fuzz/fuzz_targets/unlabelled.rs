//! The table of samples that a trained network is to predict.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| amst_data::fuzzing::unlabelled(bytes));
