//! `amst explain`.

use amst_recipe::{Explanation, MethodCard, describe_dataset};
use anyhow::Result;

use crate::args::Explain;
use crate::datasets::folder;

/// Prints what a method is, as text or as JSON.
pub fn run(args: &Explain) -> Result<()> {
    let card = MethodCard::named(&args.method)?;
    let dataset = describe_dataset(&args.dataset, &folder())?;
    let explanation = Explanation::of(card, &dataset, args.preset)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print!("{explanation}");
    }
    Ok(())
}
