//! Whole training runs against PyTorch: `fixtures/trajectories` holds the recorded runs, the
//! scripts that made them, and how far each wrong rule would move them.

mod recorded;

use burn::tensor::Device;
use recorded::{check, folder};

macro_rules! cases {
    ($($test:ident: $name:literal,)*) => {
        $(#[test] fn $test() { check($name, &Device::flex()); })*

        /// A recorded run that is not replayed proves nothing.
        #[test]
        fn every_recorded_run_is_replayed() {
            let listed = [$($name),*];
            let recorded = std::fs::read_dir(folder("")).unwrap().map(|entry| entry.unwrap());
            for case in recorded.filter(|entry| entry.path().join("case.json").exists()) {
                let name = case.file_name().into_string().unwrap();
                assert!(listed.contains(&name.as_str()), "no test replays {name}");
            }
        }
    };
}

cases! {
    alternating_with_two_modalities_official: "alt-av-official",
    alternating_with_two_modalities_fast: "alt-av-fast",
    alternating_with_three_modalities_fast: "alt-avt-fast",
    joint_with_two_modalities_official: "joint-av-official",
    joint_with_two_modalities_fast: "joint-av-fast",
    joint_with_three_modalities_official: "joint-avt-official",
    full_with_a_truly_joint_module_fast: "full-av-fast",
    full_with_both_modules_alternating_official: "full-av-official",
    full_with_three_modalities_fast: "full-avt-fast",
    unimodal_sound: "unimodal-a",
    unimodal_text_through_roberta: "unimodal-t",
    naive_with_probes: "naive-av",
    naive_over_concatenated_embeddings: "naive-av-concat",
    naive_over_summed_embeddings_as_the_paper_words_it: "naive-av-shared-sum",
    naive_with_three_modalities_and_roberta: "naive-atv",
    ogm_on_convolutions: "ogm-av",
    ogm_on_all_parameters_over_concatenation: "ogm-av-concat",
    ogm_with_three_modalities_by_ratio_to_the_rest: "ogm-atv-ratio",
    ogm_with_three_modalities_by_pairwise_means: "ogm-atv-pairwise",
    pmr_with_two_modalities: "pmr-av",
    pmr_with_a_class_that_goes_missing: "pmr-av-empty-class",
    pmr_with_three_modalities: "pmr-atv",
    mslr_with_two_modalities: "mslr-av",
    mslr_with_three_modalities: "mslr-atv",
    mla_with_probes: "mla-av",
    mla_with_modified_gradients: "mla-av-rls",
    mla_with_three_modalities_modified_by_the_previous_one: "mla-atv-rls-previous",
    agm_with_two_modalities: "agm-av",
    agm_with_three_modalities: "agm-atv",
    gradient_blending: "blending-av",
    early_stopping_of_a_modality: "early-stopping-av",
    alternating_with_probes_fast: "amst-alt-av-probes",
    alternating_with_a_partly_frozen_roberta_fast: "amst-alt-atv",
    joint_with_a_partly_frozen_roberta_official: "amst-joint-atv",
    full_with_a_partly_frozen_roberta_fast: "amst-full-atv",
    joint_where_sound_waits_in_a_window_fast: "amst-joint-av-window",
    alternating_where_pictures_wait_in_a_window_official: "amst-alt-av-window",
    full_by_batches_and_by_a_list_of_epochs_fast: "amst-full-av-batches",
}
