//! A device that is out of memory: backends panic then, and the message proposes what would fit.

use std::any::Any;
use std::panic::{
    AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind, set_hook, take_hook,
};
use std::sync::{Arc, Mutex, PoisonError};

use amst::methods::trainable;
use amst_recipe::{MethodFacts, Recipe};
use anyhow::Result;

/// Does `work`; where the device has not enough memory, the error proposes a batch size.
pub fn guarded<T>(recipe: &Recipe, device: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let hook: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(take_hook());
    let usual = Arc::clone(&hook);
    let seen: Arc<Mutex<Option<String>>> = Arc::default();
    let noted = Arc::clone(&seen);
    // A backend may run out of memory on a thread of its own, and what waits for it fails with other
    // words. Other panics keep their usual message with the line of source.
    set_hook(Box::new(move |info| {
        let text = words(info.payload());
        if is_out_of_memory(&text) {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.get_or_insert(text);
        } else {
            usual(info);
        }
    }));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    set_hook(Box::new(move |info| hook(info)));
    outcome.unwrap_or_else(|panic| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(text) = seen.take() else {
            resume_unwind(panic);
        };
        Err(anyhow::anyhow!(message(recipe, device, capacity(&text))))
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

fn is_out_of_memory(text: &str) -> bool {
    let letters: String = text
        .chars()
        .filter(char::is_ascii_alphabetic)
        .collect::<String>()
        .to_lowercase();
    // The second and third are cubecl's: memory that is full, and a tensor that no memory takes.
    [
        "outofmemory",
        "outofdevicememory",
        "cantallocatebufferofsize",
    ]
    .iter()
    .any(|words| letters.contains(words))
}

/// The GPU's memory in bytes, where LibTorch's message names it.
fn capacity(text: &str) -> Option<u64> {
    let rest = text.split("total capacity of ").nth(1)?;
    let mut words = rest.split_whitespace();
    let number: f64 = words.next()?.parse().ok()?;
    let unit = if words.next()?.starts_with("GiB") {
        30
    } else {
        20
    };
    Some((number * (1u64 << unit) as f64) as u64)
}

/// The estimate is good to a factor of two, so a tenth of the device is left free.
fn message(recipe: &Recipe, device: &str, capacity: Option<u64>) -> String {
    let (batch, half) = (recipe.batch_size, recipe.batch_size / 2);
    let fits = capacity.map_or(half, |bytes| {
        recipe
            .fitting_batch(facts(recipe), bytes / 10 * 9)
            .min(half)
    });
    let fault = format!(
        "device `{device}` is out of memory with batch_size={batch}, about {} by estimate",
        memory(recipe, batch)
    );
    if fits == 0 {
        return format!(
            "{fault}: no batch fits beside the network; use another device, or narrower encoders"
        );
    }
    format!(
        "{fault}: `--set batch_size={fits}` should fit (about {}); it changes results, so give it \
         to every run that is compared",
        memory(recipe, fits)
    )
}

fn facts(recipe: &Recipe) -> &'static dyn MethodFacts {
    let found = trainable().find(&recipe.method);
    found.expect("a resolved recipe's method is known")
}

/// Estimated memory of training with a batch size.
fn memory(recipe: &Recipe, batch_size: usize) -> String {
    let recipe = Recipe {
        batch_size,
        ..recipe.clone()
    };
    let gib = recipe.training_memory(facts(&recipe)) as f64 / f64::from(1 << 30);
    format!("{gib:.1} GiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook_lock::only_hook;

    fn said(panic: &'static str) -> String {
        let recipe = trainable().defaults();
        guarded(recipe, "tch:cuda:0", || -> Result<()> {
            std::panic::panic_any(panic)
        })
        .unwrap_err()
        .to_string()
    }

    #[test]
    fn half_the_batch_is_proposed_where_the_device_does_not_say_what_it_has() {
        let _only = only_hook();
        let message = said("called `Result::unwrap()` on an `Err` value: CUDA_ERROR_OUT_OF_MEMORY");
        assert!(
            message.contains("batch_size=64,") && message.contains("`--set batch_size=32`"),
            "{message}"
        );
        for panic in [
            "wgpu error: Out of Memory",
            "out of device memory allocating 12 bytes",
            "can't allocate buffer of size: 12",
        ] {
            assert_eq!(said(panic), message);
        }
    }

    #[test]
    fn what_fits_into_a_small_device_is_proposed() {
        let _only = only_hook();
        let message = said(
            "Torch(\"CUDA out of memory. GPU 0 has a total capacity of 4.00 GiB of which 1 MiB is free\")",
        );
        let proposed: usize = message
            .split("--set batch_size=")
            .nth(1)
            .unwrap()
            .split('`')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..32).contains(&proposed), "{message}");
        assert!(said("out of memory; total capacity of 10 MiB").contains("no batch fits"));
    }

    #[test]
    fn memory_that_ran_out_on_a_thread_of_the_backend_is_told() {
        let _only = only_hook();
        let ran_out = || -> Result<()> {
            let backend = std::thread::spawn(|| panic!("wgpu error: Out of Memory"));
            assert!(backend.join().is_ok(), "the bytes were never written");
            Ok(())
        };
        let message = guarded(trainable().defaults(), "wgpu", ran_out)
            .unwrap_err()
            .to_string();
        assert!(message.contains("is out of memory"), "{message}");
    }

    #[test]
    fn another_panic_goes_on() {
        let _only = only_hook();
        let outcome = catch_unwind(|| {
            guarded(trainable().defaults(), "flex", || -> Result<()> {
                panic!("a mistake")
            })
        });
        assert_eq!(words(&*outcome.unwrap_err()), "a mistake");
        assert_eq!(
            guarded(trainable().defaults(), "flex", || Ok(3)).unwrap(),
            3
        );
    }
}
