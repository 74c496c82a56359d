//! `amst ls`.

use amst::methods::trainable;
use amst_recipe::Listing;
use anyhow::Result;

use crate::args::{Ls, LsKind};
use crate::datasets::folder;

/// Prints what there is, as text or as JSON.
pub fn run(args: &Ls) -> Result<()> {
    let listing = match args.what {
        LsKind::Methods => Listing::methods(trainable()),
        LsKind::Datasets => Listing::datasets(&folder())?,
        LsKind::Recipes => Listing::recipes()?,
        LsKind::Presets => Listing::presets(trainable()),
    };
    if args.json {
        println!("{:#}", listing.json());
    } else {
        print!("{listing}");
    }
    Ok(())
}
