//! RoBERTa and BERT against Hugging Face's: the fixtures and the script that made them lie in
//! `fixtures`.

mod configuration;
mod dropout;
mod files;
mod freezing;
mod initial;
mod prefix;
mod reading;

use amst_encoders::{Encoder, Input, Roberta};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use reading::{
    CASES, apart, config, expected, floats, gradients, input, largest, pretrained, under,
};

fn hidden_states(encoder: &Roberta, input: &Input) -> Tensor<3> {
    let Input::Tokens { ids, mask } = input else {
        unreachable!()
    };
    encoder.hidden_states(ids.clone(), mask.clone())
}

#[test]
fn last_hidden_states_agree_with_hugging_face() {
    for case in CASES {
        let (named, device) = (expected(case), Device::flex());
        let encoder = pretrained(case, &config(case, None), &device);
        let hidden = hidden_states(&encoder, &input(&named, &device));
        assert_eq!(hidden.dims().to_vec(), named["hidden"].0, "{case}");
        let off = apart(&floats(hidden), &named["hidden"].1, 0.0);
        assert!(off < 1e-4, "{case}: {off}");
    }
}

#[test]
fn the_embedding_is_the_first_tokens_vector() {
    for case in CASES {
        let (named, device) = (expected(case), Device::flex());
        let [batch, length, width] = named["hidden"].0[..] else {
            panic!("{case}")
        };
        let first: Vec<f32> = named["hidden"]
            .1
            .chunks(length * width)
            .flat_map(|s| s[..width].to_vec())
            .collect();
        let got = pretrained(case, &config(case, None), &device).embed(&input(&named, &device));
        assert_eq!(got.dims(), [batch, width]);
        let off = apart(&floats(got), &first, 0.0);
        assert!(off < 1e-4, "{case}: {off}");
    }
}

#[test]
fn every_gradient_agrees_with_pytorch() {
    for case in CASES {
        let (named, device) = (expected(case), Device::flex().autodiff());
        let encoder = pretrained(case, &config(case, None), &device);
        let loss = encoder
            .embed(&input(&named, &device))
            .sub_scalar(1.0)
            .powi_scalar(2)
            .mean();
        let (got, wanted) = (
            gradients(&encoder, &loss.backward()),
            under(&named, "grad."),
        );
        assert_eq!(
            got.keys().collect::<Vec<_>>(),
            wanted.keys().collect::<Vec<_>>(),
            "{case}"
        );
        // A key's bias moves all scores of a query alike, so that its true gradient is 0.
        let floor = 1e-3 * wanted.values().fold(0f32, |m, (_, v)| m.max(largest(v)));
        for (name, (_, want)) in wanted {
            let off = apart(&got[&name].1, &want, floor);
            assert!(off < 1e-3, "{case}: gradient of {name} differs by {off}");
        }
    }
}

#[test]
fn a_text_of_which_nothing_is_seen_gives_numbers() {
    let (named, device) = (expected("roberta"), Device::flex());
    let Input::Tokens { ids, mask } = input(&named, &device) else {
        unreachable!()
    };
    let input = Input::Tokens {
        ids,
        mask: mask.zeros_like(),
    };
    let got = floats(pretrained("roberta", &config("roberta", None), &device).embed(&input));
    assert!(got.iter().all(|v| v.is_finite()), "{got:?}");
}

#[test]
#[should_panic(expected = "a text of 13 tokens; the model reads up to 12")]
fn a_text_beyond_the_last_position_is_refused() {
    let (device, shape) = (Device::flex(), [1, 13]);
    let ids = Tensor::from_data(TensorData::new(vec![5i64; 13], shape), &device);
    pretrained("roberta", &config("roberta", None), &device)
        .hidden_states(ids, Tensor::ones(shape, &device));
}

#[test]
fn a_roberta_has_no_running_statistics() {
    let encoder = pretrained("roberta", &config("roberta", None), &Device::flex());
    assert!(!encoder.has_running_statistics());
    assert!(!amst_encoders::AnyEncoder::Roberta(encoder.valid()).has_running_statistics());
}
