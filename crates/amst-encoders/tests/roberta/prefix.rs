//! The frozen part alone, and what is kept of it.

use amst_encoders::{Encoder, Input, PrefixCache, Roberta, RobertaConfig, TrainingStep};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use crate::reading::{CASES, Named, config, expected, floats, input, pretrained, written};

fn bits(tensor: Tensor<2>) -> Vec<u32> {
    floats(tensor).into_iter().map(f32::to_bits).collect()
}

fn split(input: Input) -> (Tensor<2, burn::tensor::Int>, Tensor<2>) {
    let Input::Tokens { ids, mask } = input else {
        unreachable!()
    };
    (ids, mask)
}

/// Some texts of a case, by number.
fn texts(named: &Named, numbers: &[usize], device: &Device) -> Input {
    let (shape, length) = ([numbers.len(), named["ids"].0[1]], named["ids"].0[1]);
    let of = |name: &str| -> Vec<f32> {
        numbers
            .iter()
            .flat_map(|n| named[name].1[n * length..(n + 1) * length].to_vec())
            .collect()
    };
    let ids: Vec<i64> = of("ids").into_iter().map(|id| id as i64).collect();
    Input::Tokens {
        ids: Tensor::from_data(TensorData::new(ids, shape), device),
        mask: Tensor::from_data(TensorData::new(of("mask"), shape), device),
    }
}

#[test]
fn prefix_and_suffix_are_the_whole_bit_for_bit() {
    for case in CASES {
        for unfrozen in [None, Some(0), Some(1), Some(3)] {
            for device in [Device::flex(), Device::flex().autodiff()] {
                let encoder = pretrained(case, &config(case, unfrozen), &device);
                let (ids, mask) = split(input(&expected(case), &device));
                let parts = encoder.suffix(encoder.prefix(ids, mask.clone()), mask);
                assert_eq!(
                    bits(parts),
                    bits(encoder.embed(&input(&expected(case), &device))),
                    "{case}"
                );
            }
        }
    }
}

/// On the training device other kernels would round in another way, as they do for what trains.
#[test]
fn the_prefix_is_computed_as_in_evaluation_even_on_the_training_device() {
    let named = expected("distil");
    let (plain, autodiff) = (Device::flex(), Device::flex().autodiff());
    let encoder = pretrained("distil", &config("distil", Some(2)), &autodiff);
    let of = |encoder: &Roberta, device| {
        let (ids, mask) = split(input(&named, device));
        encoder.prefix(ids, mask)
    };
    let (trained, evaluated) = (of(&encoder, &autodiff), of(&encoder.valid(), &plain));
    assert!(trained.device().is_autodiff() && !trained.is_require_grad());
    assert_eq!(floats(trained), floats(evaluated));
}

#[test]
fn what_is_kept_equals_what_is_computed_bit_for_bit_in_any_batch() {
    for case in ["roberta", "distil"] {
        let (named, device) = (expected(case), Device::flex());
        let plain = pretrained(case, &config(case, Some(2)), &device);
        let cache = PrefixCache::new(1 << 20);
        let keeping = plain.clone().with_prefix_cache(cache.clone());
        for (numbers, kept) in [
            (&[2, 0][..], 2),
            (&[0, 1, 2, 3], 4),
            (&[3, 3, 1], 4),
            (&[1], 4),
        ] {
            let input = texts(&named, numbers, &device);
            assert_eq!(
                bits(keeping.embed(&input)),
                bits(plain.embed(&input)),
                "{case}: {numbers:?}"
            );
            assert_eq!(cache.len(), kept, "{case}: {numbers:?}");
        }
    }
}

/// `distil`: texts of 128, 90, 17 and 2 tokens, each of 16 numbers of 4 bytes, and 128 ids of 8.
#[test]
fn padding_is_not_kept() {
    let (named, device, cache) = (
        expected("distil"),
        Device::flex(),
        PrefixCache::new(1 << 20),
    );
    let keeping =
        pretrained("distil", &config("distil", Some(2)), &device).with_prefix_cache(cache.clone());
    keeping.embed(&input(&named, &device));
    assert_eq!(cache.bytes(), (128 + 90 + 17 + 2) * 64 + 4 * 128 * 8);
}

#[test]
fn a_full_cache_keeps_nothing_more_and_changes_nothing() {
    let (named, device) = (expected("distil"), Device::flex());
    let plain = pretrained("distil", &config("distil", Some(2)), &device);
    let want = bits(plain.embed(&input(&named, &device)));
    for (limit, kept) in [(0, 0), (17 * 64 + 128 * 8, 1), (1 << 20, 4)] {
        let cache = PrefixCache::new(limit);
        assert!(cache.is_empty());
        let keeping = plain.clone().with_prefix_cache(cache.clone());
        for _ in 0..2 {
            assert_eq!(
                bits(keeping.embed(&input(&named, &device))),
                want,
                "{limit}"
            );
        }
        assert_eq!(cache.len(), kept, "{limit}");
        assert!(cache.bytes() <= limit);
    }
}

#[test]
fn a_text_of_which_nothing_is_seen_is_kept_whole() {
    let (named, device, cache) = (
        expected("roberta"),
        Device::flex(),
        PrefixCache::new(1 << 20),
    );
    let plain = pretrained("roberta", &config("roberta", Some(2)), &device);
    let (ids, mask) = split(input(&named, &device));
    let unseen = Input::Tokens {
        ids,
        mask: mask.zeros_like(),
    };
    let keeping = plain.clone().with_prefix_cache(cache.clone());
    for _ in 0..2 {
        assert_eq!(bits(keeping.embed(&unseen)), bits(plain.embed(&unseen)));
    }
    // The same ids, of which something is seen, are another text.
    keeping.embed(&input(&named, &device));
    assert_eq!(cache.len(), 8);
}

#[test]
fn encoders_with_equal_frozen_weights_share_what_is_kept_and_others_do_not() {
    let (named, device, cache) = (
        expected("roberta"),
        Device::flex(),
        PrefixCache::new(1 << 20),
    );
    let one = pretrained("roberta", &config("roberta", Some(2)), &device);
    let deeper = pretrained("roberta", &config("roberta", Some(1)), &device);
    let mut draw = 0.0;
    let other = config("roberta", Some(2)).init(
        &mut || {
            draw += 0.37;
            f64::sin(draw)
        },
        &device,
    );
    let read = |encoder: Roberta| {
        let want = bits(encoder.embed(&input(&named, &device)));
        assert_eq!(
            bits(
                encoder
                    .with_prefix_cache(cache.clone())
                    .embed(&input(&named, &device))
            ),
            want
        );
        cache.len()
    };
    assert_eq!(read(one.clone()), 4);
    assert_eq!(
        read(pretrained("roberta", &config("roberta", Some(2)), &device)),
        4
    );
    assert_eq!(read(deeper), 8);
    assert_eq!(read(other.unwrap()), 12);
    assert_eq!(read(one), 12);
}

/// Where nothing is frozen there is nothing to keep.
#[test]
fn an_encoder_that_trains_wholly_leaves_the_cache_alone() {
    let (named, device, cache) = (
        expected("roberta"),
        Device::flex(),
        PrefixCache::new(1 << 20),
    );
    let encoder =
        pretrained("roberta", &config("roberta", None), &device).with_prefix_cache(cache.clone());
    encoder.embed(&input(&named, &device));
    assert!(cache.is_empty());
}

#[test]
fn training_with_the_cache_gives_the_weights_of_training_without_it() {
    let (named, device, cache) = (
        expected("roberta"),
        Device::flex().autodiff(),
        PrefixCache::new(1 << 20),
    );
    let config = RobertaConfig {
        frozen_eval: true,
        hidden_dropout_prob: 0.1,
        attention_probs_dropout_prob: 0.1,
        ..config("roberta", Some(2))
    };
    let train = |mut encoder: Roberta| {
        let mut sgd = burn::optim::SgdConfig::new().init();
        for step in 0..4 {
            let embedding =
                encoder.embed_in_step(&input(&named, &device), TrainingStep { epoch: 0, step });
            let loss = embedding.sub_scalar(1.0).powi_scalar(2).mean();
            let gradients = burn::optim::GradientsParams::from_grads(loss.backward(), &encoder);
            encoder = sgd.step(0.05, encoder, gradients);
        }
        written(&encoder)
    };
    let plain = pretrained("roberta", &config, &device);
    let keeping = plain.clone().with_prefix_cache(cache.clone());
    let before = written(&plain);
    let after = train(plain);
    assert_ne!(after, before);
    assert_eq!(train(keeping), after);
    assert_eq!(cache.len(), 4);
}
