//! A Git LFS pointer: what is read says again what was written.
#![no_main]

use amst_fetch::lfs::Pointer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(pointer) = Pointer::parse(bytes) else { return };
    let Pointer { oid, size } = pointer;
    let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n");
    assert_eq!(Pointer::parse(text.as_bytes()), Some(pointer));
});
