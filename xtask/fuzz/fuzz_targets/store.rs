//! A store of prepared features: the first byte says what of it is foreign, the rest are the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, rest)) = bytes.split_first() else { return };
    match which % 3 {
        0 => amst_data::fuzzing::file(rest),
        1 => amst_data::fuzzing::file_with_its_hashes(rest),
        _ => amst_data::fuzzing::record(which / 3, rest),
    }
});
