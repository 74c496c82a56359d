//! Settings of a method that cannot be, refused with the setting that helps before anything is
//! written.

use crate::program::{USAGE, assert_refused, train};

fn refused(settings: &[&str], parts: &[&str]) {
    let out = tempfile::tempdir().unwrap();
    assert_refused(&train(settings, out.path()), USAGE, parts);
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        0,
        "nothing is written for {settings:?}"
    );
}

const THREE: &str = "modalities=audio,text,visual";

#[test]
fn one_modality_is_unimodals_and_nobody_elses_who_balances() {
    refused(
        &["method=unimodal"],
        &[
            "`unimodal` trains one modality, not 2",
            "`modalities=audio`",
        ],
    );
    refused(&["method=unimodal", THREE], &["not 3"]);
    for method in ["ogm-ge", "pmr", "agm"] {
        let parts = [
            &format!("`{method}` balances modalities"),
            "`method=unimodal`",
        ];
        refused(&[&format!("method={method}"), "modalities=visual"], &parts);
    }
}

#[test]
fn pmrs_published_rule_is_refused_for_three_modalities() {
    let parts = [
        "`pmr.rule`",
        "compares two modalities",
        "`pmr.rule=below-mean`",
        "an extension of ours",
    ];
    refused(&["method=pmr", "pmr.rule=published", THREE], &parts);
}

#[test]
fn mslr_without_a_rate_is_refused_with_where_to_take_one() {
    refused(
        &["method=mslr", "mslr.lr.audio=0"],
        &["`mslr.lr.audio`", "best unimodal run"],
    );
    refused(
        &["method=mslr", "mslr.lr.text=0", THREE],
        &["`mslr.lr.text`"],
    );
    refused(
        &["method=mslr", "mslr.lr.visual=-0.1"],
        &["`mslr.lr.visual`", "use 0 or more"],
    );
    refused(
        &["method=mslr", "mslr.strategy=smooth"],
        &["`mslr.strategy`", "smooth", "`dynamic-agm`"],
    );
    refused(
        &["method=mslr", "mslr.window=0"],
        &["`mslr.window`", "at least 1"],
    );
}

#[test]
fn strengths_below_zero_and_shares_beyond_one_are_refused() {
    refused(
        &["method=ogm-ge", "ogm.alpha=-0.1"],
        &["`ogm.alpha`: -0.1", "use 0 or more"],
    );
    refused(
        &["method=pmr", "pmr.alpha=-1"],
        &["`pmr.alpha`", "use 0 or more"],
    );
    refused(
        &["method=pmr", "pmr.momentum=1.5"],
        &["`pmr.momentum`", "between 0 and 1"],
    );
    refused(
        &["method=pmr", "pmr.fraction=0"],
        &["`pmr.fraction`", "above 0"],
    );
    refused(
        &["method=agm", "agm.clip=-1"],
        &["`agm.clip`", "use 0 or more"],
    );
    refused(
        &["method=naive", "naive.lr.visual=-1"],
        &["`naive.lr.visual`", "use 0 or more"],
    );
}

#[test]
fn a_window_that_never_opens_is_refused() {
    refused(
        &["method=ogm-ge", "ogm.start=9", "ogm.end=3"],
        &["`ogm.start`", "never open"],
    );
    refused(
        &["method=pmr", "pmr.start=9", "pmr.end=3"],
        &["`pmr.start`", "never open"],
    );
    refused(
        &["method=early-stopping", "stopping.patience=0"],
        &["`stopping.patience`", "at least 1"],
    );
    refused(
        &["method=gradient-blending", "blending.super_epoch=0"],
        &["`blending.super_epoch`", "at least 1"],
    );
}

#[test]
fn fixed_shares_must_add_up_and_name_nobody_who_is_absent() {
    let fixed = ["method=mla", "mla.fusion=fixed"];
    refused(&fixed, &["`mla.shares`", "add up to 0, not 1", "0.5000"]);
    refused(
        &[&fixed[..], &["mla.shares.audio=0.5", THREE]].concat(),
        &["add up to 0.5, not 1", "0.3333"],
    );
    let absent = ["mla.shares.audio=0.5", "mla.shares.text=0.5"];
    refused(
        &[&fixed[..], &absent].concat(),
        &["`mla.shares.text`", "text takes no part"],
    );
    refused(
        &[&fixed[..], &["mla.shares.audio=-1", "mla.shares.visual=2"]].concat(),
        &["`mla.shares.audio`"],
    );
}

#[test]
fn a_modality_that_does_not_exist_is_refused_with_those_that_do() {
    refused(
        &["modalities=audio,smell"],
        &["`modalities`", "smell", "`audio`, `text`, `visual`"],
    );
    refused(&["modalities=audio,audio"], &["`modalities`", "none twice"]);
    refused(
        &["skip.smell=2"],
        &["unknown key `skip.smell`", "amst keys"],
    );
}

#[test]
fn a_budget_without_an_amount_or_of_an_unknown_unit_is_refused() {
    refused(
        &["budget.unit=seconds"],
        &["`budget.amount`", "for example 60"],
    );
    refused(
        &["budget.unit=hours"],
        &["`budget.unit`", "hours", "`seconds`"],
    );
    refused(
        &["budget.unit=updates", "budget.amount=-1"],
        &["`budget.amount`", "use 0 or more"],
    );
}
