//! A panic at the program's edge: a fault of this program, told as one; or a device that was lost.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::{Arc, Mutex};

use amst_annotations::shell_word;

/// Exit code of a panic: `EX_SOFTWARE` of sysexits.h.
pub const EXIT_CODE: u8 = 70;

/// A device that its driver took away.
pub const DEVICE_LOST: u8 = 8;

/// What a panic comes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// For the user, who did nothing wrong.
    pub message: String,
    /// [`EXIT_CODE`] or [`DEVICE_LOST`].
    pub exit_code: u8,
}

/// Does `work`. A panic in it is a lost device where `was_lost` says so.
///
/// # Errors
///
/// It panicked.
pub fn catch<T>(was_lost: fn() -> bool, work: impl FnOnce() -> T) -> Result<T, Fault> {
    let seen: Arc<Mutex<Option<String>>> = Arc::default();
    let noted = Arc::clone(&seen);
    set_hook(Box::new(move |info| {
        // The first is the cause; others follow from it.
        if let Ok(mut noted) = noted.lock() {
            noted.get_or_insert_with(|| described(info));
        }
    }));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    // The hook of the standard library again.
    drop(std::panic::take_hook());
    outcome.map_err(|_| {
        let what = seen.lock().ok().and_then(|mut seen| seen.take());
        let what = what.unwrap_or_default();
        if is_device_lost(&what) || was_lost() {
            return Fault {
                message: lost(&what),
                exit_code: DEVICE_LOST,
            };
        }
        Fault {
            message: message(&what, &std::env::args().collect::<Vec<_>>()),
            exit_code: EXIT_CODE,
        }
    })
}

/// Whether a backend says that its device is gone, by the words of wgpu and of cubecl.
fn is_device_lost(what: &str) -> bool {
    let letters: String = what
        .chars()
        .filter(char::is_ascii_alphabetic)
        .collect::<String>()
        .to_lowercase();
    [
        "devicepoisoned",
        "deviceispoisoned",
        "deviceislost",
        "devicelost",
    ]
    .iter()
    .any(|words| letters.contains(words))
}

fn lost(what: &str) -> String {
    format!(
        "the device was lost: its driver took it away from this program, as after a reset, an \
         update, a kernel that took too long or a card that was unplugged\n  a run that was training \
         is kept: the same command resumes it from its last checkpoint, with `--device flex` also \
         without the card\n  the driver's own log says why (on Linux `sudo dmesg`); this program was \
         told: {what}"
    )
}

/// `index out of bounds: … (crates/amst/src/lib.rs:12)`, and the stack where it is asked for.
fn described(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    // Of several lines, as some libraries panic with, the whole is one.
    let text = text.unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut described = words.join(" ");
    if let Some(place) = info.location() {
        described += &format!(" ({}:{})", file_name(place.file()), place.line());
    }
    let stack = std::backtrace::Backtrace::capture();
    if stack.status() == std::backtrace::BacktraceStatus::Captured {
        described += &format!("\n{stack}");
    }
    described
}

/// The last three parts of a source file's path: where it was built does not matter.
fn file_name(path: &str) -> String {
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    parts[parts.len().saturating_sub(3)..].join("/")
}

fn message(what: &str, arguments: &[String]) -> String {
    let command: Vec<String> = arguments.iter().map(|word| shell_word(word)).collect();
    format!(
        "this is a fault of amst, not of your input: {what}\n  please report it with this command: \
         RUST_BACKTRACE=1 {}\n  a run that was training is kept: the same command resumes it from \
         its last checkpoint",
        command.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook_lock::only_hook;

    #[test]
    fn a_panic_becomes_a_message_with_place_and_command() {
        let _only = only_hook();
        let fault = catch(|| false, || -> u8 { panic!("two\n  lines") }).unwrap_err();
        assert_eq!(fault.exit_code, EXIT_CODE);
        let message = fault.message;
        assert!(
            message.contains("two lines (amst-cli/src/internal_error.rs:"),
            "{message}"
        );
        assert!(message.contains("RUST_BACKTRACE=1 "), "{message}");
        assert_eq!(catch(|| false, || 3), Ok(3));
    }

    #[test]
    fn a_device_that_is_gone_is_no_fault_of_this_program() {
        let _only = only_hook();
        let poisoned = "Error while reading data: DevicePoisoned { reason: \"Destroyed\" }";
        for (was_lost, what) in [
            ((|| false) as fn() -> bool, poisoned),
            (|| true, "Buffer with '' label is invalid"),
        ] {
            let fault = catch(was_lost, || -> u8 { panic!("{what}") }).unwrap_err();
            assert_eq!(fault.exit_code, DEVICE_LOST);
            for part in ["the device was lost", "last checkpoint", what] {
                assert!(fault.message.contains(part), "{}", fault.message);
            }
        }
    }
}
