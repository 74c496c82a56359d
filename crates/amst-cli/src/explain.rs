//! `amst explain`.

use amst::methods::trainable;
use amst_recipe::{Explanation, describe_dataset};
use anyhow::Result;

use crate::args::Explain;
use crate::datasets::folder;

/// Prints what a method is, as text or as JSON.
pub fn run(args: &Explain) -> Result<()> {
    let methods = trainable();
    let card = methods.card(&args.method)?;
    let dataset = describe_dataset(&args.dataset, &folder())?;
    let explanation = Explanation::of(methods, card, &dataset, args.preset)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print!("{explanation}");
    }
    Ok(())
}
