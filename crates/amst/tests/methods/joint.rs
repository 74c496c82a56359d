//! What one fused loss is under other names.

use amst::methods::mslr::{MslrSpec, MslrStrategy};
use amst::methods::naive::NaiveSpec;
use amst::{Execution, Joint, Modality, SkipSchedule};
use amst::{Mslr, Naive};
use amst_recipe::{FusionHead, Rates};
use burn::module::Param;
use burn::nn::LinearConfig;
use burn::tensor::{Tensor, TensorData};

use crate::toy::{
    CLASSES, EMBED, Run, SETS, assert_apart, assert_same, batch, device, numbers, values,
};

const HEADS: [FusionHead; 3] = [
    FusionHead::LateSum,
    FusionHead::Concat,
    FusionHead::SharedSum,
];
const RATES: Rates = Rates {
    audio: 0.001,
    text: 0.02,
    visual: 0.01,
};

fn naive(modalities: &[Modality], head: FusionHead, lr: Rates) -> Run {
    Run::new(Naive::new(modalities, &NaiveSpec { head, lr }).unwrap())
}

#[test]
fn naive_over_concatenated_embeddings_is_the_joint_module_that_never_skips() {
    for modalities in SETS {
        let joint = Joint::new(SkipSchedule::always(modalities).unwrap(), Execution::Fast);
        assert_same(
            naive(modalities, FusionHead::Concat, Rates::default()),
            Run::new(joint),
        );
    }
}

fn mslr(modalities: &[Modality], head: FusionHead, strategy: MslrStrategy) -> Run {
    Run::new(
        Mslr::new(
            modalities,
            &MslrSpec {
                head,
                strategy,
                lr: RATES,
                window: 1,
            },
        )
        .unwrap(),
    )
}

#[test]
fn mslr_that_keeps_its_rates_is_naive_with_these_rates() {
    for modalities in SETS {
        for head in HEADS {
            assert_same(
                mslr(modalities, head, MslrStrategy::Keep),
                naive(modalities, head, RATES),
            );
        }
    }
}

#[test]
fn naive_with_a_rate_of_its_own_for_each_modality_is_not_naive() {
    for modalities in SETS {
        let head = FusionHead::LateSum;
        assert_apart(
            naive(modalities, head, RATES),
            naive(modalities, head, Rates::default()),
        );
        let common = Rates {
            audio: 0.005,
            text: 0.005,
            visual: 0.005,
        };
        assert_same(
            naive(modalities, head, common),
            naive(modalities, head, Rates::default()),
        );
    }
}

/// `W = (W_a; W_t; W_v)`, `b = b_a + b_t + b_v`: both add up 16 products a modality, in another
/// order.
#[test]
fn late_sum_is_one_linear_layer_over_the_concatenation_whose_bias_is_the_sum() {
    for modalities in SETS {
        let run = naive(modalities, FusionHead::LateSum, Rates::default());
        let head = values(&run.net.branches[0].head);
        let of = |m: usize, part: &str| head[&format!("LateSum.linears.{m}.{part}")].values.clone();
        let weight: Vec<f32> = (0..modalities.len())
            .flat_map(|m| of(m, "weight"))
            .collect();
        let bias = (0..CLASSES).map(|class| {
            (0..modalities.len())
                .map(|m| of(m, "bias")[class])
                .sum::<f32>()
        });
        let mut linear = LinearConfig::new(modalities.len() * EMBED, CLASSES).init(&device());
        let tensor = TensorData::new(weight, [modalities.len() * EMBED, CLASSES]);
        linear.weight = Param::from_tensor(Tensor::from_data(tensor, &device()));
        let tensor = TensorData::new(bias.collect::<Vec<_>>(), [CLASSES]);
        linear.bias = Some(Param::from_tensor(Tensor::from_data(tensor, &device())));

        let embeddings = run.net.embed(modalities, &batch(0, modalities));
        let concatenated = Tensor::cat(embeddings[0].iter().flatten().cloned().collect(), 1);
        let fused = numbers(
            run.method
                .outputs(&run.net, &embeddings)
                .fused()
                .unwrap()
                .clone(),
        );
        let plain = numbers(linear.forward(concatenated));
        assert!(plain.iter().any(|logit| logit.abs() > 0.1), "{plain:?}");
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!((fused - plain).abs() < 1e-5, "{fused} is not {plain}");
        }
    }
}
