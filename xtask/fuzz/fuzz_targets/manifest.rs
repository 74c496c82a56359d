//! The table that lists a data set of one's own.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| amst_data::fuzzing::manifest(bytes));
