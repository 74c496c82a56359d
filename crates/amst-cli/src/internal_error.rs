//! A panic at the program's edge: a fault of this program, told as one.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::{Arc, Mutex};

use amst_annotations::shell_word;

/// Exit code of a panic: `EX_SOFTWARE` of sysexits.h.
pub const EXIT_CODE: u8 = 70;

/// Does `work`. A panic in it ends in a message for the user, who did nothing wrong.
///
/// # Errors
///
/// The message.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
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
        message(
            &what.unwrap_or_default(),
            &std::env::args().collect::<Vec<_>>(),
        )
    })
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

    #[test]
    fn a_panic_becomes_a_message_with_place_and_command() {
        let message = catch(|| -> u8 { panic!("two\n  lines") }).unwrap_err();
        assert!(
            message.contains("two lines (amst-cli/src/internal_error.rs:"),
            "{message}"
        );
        assert!(message.contains("RUST_BACKTRACE=1 "), "{message}");
        assert_eq!(catch(|| 3), Ok(3));
    }
}
