//! The example does what it says.

#[allow(dead_code)] // Its `main` is for people.
#[path = "../examples/custom_encoder.rs"]
mod custom_encoder;

#[test]
fn an_encoder_of_ones_own_learns_with_the_alternating_module() {
    let accuracies = custom_encoder::train().unwrap();
    assert_eq!(
        accuracies.keys().collect::<Vec<_>>(),
        ["audio", "fused", "visual"]
    );
    for (name, accuracy) in accuracies {
        // A third is chance; of 300 samples, half is eight standard errors above it.
        assert!(accuracy > 0.5, "{name}: {accuracy}");
    }
}
