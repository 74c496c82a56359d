//! `amst devices`.

use anyhow::Result;
use serde_json::json;

use crate::args::Devices;
use crate::device::{self, listing::Listed};

/// Prints what `--device` could open here, as text or as JSON.
pub fn run(args: &Devices) -> Result<()> {
    let listing = device::list();
    let missing: Vec<&str> = device::FEATURES
        .iter()
        .filter(|(_, is_compiled)| !is_compiled)
        .map(|(feature, _)| *feature)
        .collect();
    if args.json {
        let compiled: Vec<&str> = device::FEATURES
            .iter()
            .filter(|(_, is_compiled)| *is_compiled)
            .map(|(feature, _)| *feature)
            .collect();
        println!(
            "{:#}",
            json!({
                "compiled": compiled,
                "not_compiled": missing,
                "devices": listing.devices,
                "absent": listing.absent,
            })
        );
        return Ok(());
    }
    let width = listing.devices.iter().map(|listed| listed.device.len());
    let width = width.max().unwrap_or(0).max("device".len());
    println!("{:<width$}  {:>9}  what it is", "device", "memory");
    for listed in &listing.devices {
        let memory = listed.memory_bytes.map_or("?".into(), gib);
        println!("{:<width$}  {memory:>9}  {}", listed.device, what(listed));
    }
    for absent in &listing.absent {
        println!("not here: {}", absent.why);
    }
    for feature in missing {
        println!(
            "not in this program: {feature}; build it with `cargo build --release -p amst-cli \
             --features {feature}`"
        );
    }
    Ok(())
}

fn what(listed: &Listed) -> String {
    let mut parts = vec![listed.class.name().to_string()];
    parts.extend(listed.name.clone());
    parts.extend(listed.interface.clone());
    parts.extend(
        listed
            .driver
            .as_ref()
            .map(|driver| format!("driver {driver}")),
    );
    parts.extend(
        listed
            .largest_tensor_bytes
            .map(|bytes| format!("tensors of at most {}", gib(bytes))),
    );
    parts.extend(
        listed
            .unusable
            .as_ref()
            .map(|why| format!("cannot train: {why}")),
    );
    parts.join(", ")
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}
