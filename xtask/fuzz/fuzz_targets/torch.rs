//! A file that `torch.save` wrote, in any of its formats: nothing in it is executed, and no length
//! in it fills the memory.
#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use pytorch_reader::PytorchReader;

fuzz_target!(|bytes: &[u8]| {
    // The reader takes files: it jumps to where a tensor's bytes lie.
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("it can be written");
    let _ = PytorchReader::read_pickle_data(file.path(), None);
    let Ok(reader) = PytorchReader::new(file.path()) else { return };
    for tensor in reader.tensors().values() {
        // What is declared is believed only up to what a sample of features needs.
        if tensor.byte_len() <= 1 << 20 {
            let _ = tensor.read();
        }
    }
});
