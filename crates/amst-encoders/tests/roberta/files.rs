//! Weights in files: Hugging Face's, a network's, and those that do not fit.

use std::collections::BTreeSet;

use amst_encoders::{
    AnyEncoder, Renames, ResNet18Config, RobertaConfig, Stem, read_weights, write_weights,
};
use burn::module::Module;
use burn::tensor::Device;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::reading::{CASES, config, expected, folder, pretrained, read, under, written};

/// The names of a case's parameters, by Hugging Face's own account.
fn names(case: &str) -> BTreeSet<String> {
    under(&expected(case), "grad.").into_keys().collect()
}

fn prefixed(names: BTreeSet<String>, prefix: &str) -> BTreeSet<String> {
    names
        .into_iter()
        .map(|name| format!("{prefix}{name}"))
        .collect()
}

#[test]
fn weights_written_are_the_weights_read_frozen_ones_too() {
    let device = Device::flex();
    for unfrozen in [None, Some(1)] {
        let got = written(&pretrained(
            "roberta",
            &config("roberta", unfrozen),
            &device.clone().autodiff(),
        ));
        let mut file = read(&folder("roberta").join("model.safetensors"));
        file.retain(|name, _| !name.starts_with("pooler."));
        assert_eq!(under(&got, "m."), file);
        assert_eq!(got.len(), file.len());
    }
}

/// What joins a RoBERTa and a ResNet in one file, as networks do.
#[derive(Module, Debug)]
struct Net {
    encoders: Vec<AnyEncoder>,
}

fn net(case: &str, value: f64, device: &Device) -> Net {
    let resnet = ResNet18Config {
        channels: 1,
        width: 4,
        stem: Stem::Imagenet,
        embed: None,
    };
    let roberta = RobertaConfig {
        initializer_range: 1.0,
        ..config(case, Some(1))
    };
    let resnet = AnyEncoder::ResNet18(resnet.init(&mut || value, device));
    Net {
        encoders: vec![
            resnet,
            AnyEncoder::Roberta(roberta.init(&mut || value, device).unwrap()),
        ],
    }
}

#[test]
fn a_network_spells_each_encoder_as_its_publishers_do_and_reads_it_back() {
    let device = Device::flex();
    let renames = Renames::torchvision()
        .and(Renames::hugging_face())
        .with_prefix("encoders.0.", "encoder.a.")
        .with_prefix("encoders.1.", "encoder.t.");
    for case in CASES {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("net.safetensors");
        write_weights(&net(case, 0.5, &device), &path, &renames).unwrap();
        let named = read(&path);
        let text: BTreeSet<_> = named
            .keys()
            .filter(|n| n.starts_with("encoder.t."))
            .cloned()
            .collect();
        assert_eq!(text, prefixed(names(case), "encoder.t.m."), "{case}");
        assert!(named.contains_key("encoder.a.layer2.0.downsample.1.running_var"));
        assert_eq!(
            named.len() - text.len(),
            100,
            "torchvision's 20 convolutions and 20 norms of 4"
        );

        let mut other = net(case, 0.25, &device);
        read_weights(&mut other, &path, &renames).unwrap();
        let again = dir.path().join("again.safetensors");
        write_weights(&other, &again, &renames).unwrap();
        assert_eq!(read(&again), named, "{case}");
    }
}

#[test]
fn half_precision_is_read_as_single() {
    // Every half is a single too, so that nothing is lost.
    let got = under(
        &written(&pretrained("bert", &config("bert", None), &Device::flex())),
        "m.",
    );
    let bytes = std::fs::read(folder("bert").join("model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for (name, (shape, values)) in &got {
        let half = file.tensor(&format!("bert.{name}")).unwrap();
        assert_eq!(
            (half.dtype(), half.shape()),
            (safetensors::Dtype::F16, &shape[..]),
            "{name}"
        );
        let wanted: Vec<f32> = half
            .data()
            .chunks_exact(2)
            .map(|b| single([b[0], b[1]]))
            .collect();
        assert_eq!(*values, wanted, "{name}");
    }
    assert_eq!(got.keys().cloned().collect::<BTreeSet<_>>(), names("bert"));
}

/// The value of a half: sign, 5 bits of exponent less 15, 10 bits after the point.
fn single(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023) / 1024.0);
    let size = if exponent == 0 {
        fraction * 2f32.powi(-14)
    } else {
        (1.0 + fraction) * 2f32.powi(exponent - 15)
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// `bert` by `torch.save`: OrderedDict, half precision, the model's name before its parts, heads.
#[test]
fn a_file_of_torch_save_gives_the_weights_of_safetensors() {
    let device = Device::flex();
    let mut encoder = config("bert", None).init(&mut || 0.0, &device).unwrap();
    encoder
        .read_pretrained(&folder("bert").join("pytorch_model.bin"))
        .unwrap();
    assert_eq!(
        written(&encoder),
        written(&pretrained("bert", &config("bert", None), &device))
    );
}

#[test]
fn a_file_of_torch_save_of_other_settings_is_refused_with_the_names_at_fault() {
    let right = config("bert", None);
    let fewer = RobertaConfig {
        num_hidden_layers: 2,
        ..right.clone()
    };
    let fewer = refusal("bert", &fewer, "pytorch_model.bin");
    assert!(
        fewer.contains("not of this network: encoder.layer.2."),
        "{fewer}"
    );
    let wider = refusal(
        "bert",
        &RobertaConfig {
            vocab_size: 26,
            ..right
        },
        "pytorch_model.bin",
    );
    assert!(
        wider.contains("embeddings.word_embeddings.weight is [25, 16], not [26, 16]"),
        "{wider}"
    );
}

/// Python would run `touch a-pickle-was-run` while it reads either file.
#[test]
fn code_in_a_file_of_torch_save_is_refused_by_name_and_never_run() {
    let refused = refusal("foreign", &config("bert", None), "pytorch_model.bin");
    assert!(
        refused.contains("it holds posix.system, and only tensors are read"),
        "{refused}"
    );
    assert!(
        refused.contains("model.safetensors instead") && !refused.contains('\n'),
        "{refused}"
    );

    let dir = tempfile::tempdir().unwrap();
    for name in ["all.bin", "all.pt", "all.pth"] {
        let path = dir.path().join(name);
        std::fs::write(
            &path,
            b"\x80\x02cposix\nsystem\nX\x16\0\0\0touch a-pickle-was-run\x85R.",
        )
        .unwrap();
        let message = read_error(&path);
        assert!(message.contains("it holds posix.system"), "{message}");
    }
    assert!(!std::path::Path::new("a-pickle-was-run").exists());
}

#[test]
fn a_damaged_file_of_torch_save_is_named() {
    let whole = std::fs::read(folder("bert").join("pytorch_model.bin")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.bin");
    for part in [&whole[..whole.len() / 2], &whole[..1], b"not a pickle", b""] {
        std::fs::write(&path, part).unwrap();
        let message = read_error(&path);
        assert!(message.contains("cut.bin: "), "{message}");
    }
}

fn read_error(path: &std::path::Path) -> String {
    let mut encoder = config("bert", None)
        .init(&mut || 0.0, &Device::flex())
        .unwrap();
    encoder.read_pretrained(path).unwrap_err().to_string()
}

/// Writes a case's file anew, with other names or further tensors.
fn altered(case: &str, path: &std::path::Path, rename: impl Fn(&str) -> String, further: &[&str]) {
    let bytes = std::fs::read(folder(case).join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let zero = [0u8; 4];
    let more = further.iter().map(|n| {
        (
            n.to_string(),
            TensorView::new(Dtype::F32, vec![1], &zero).unwrap(),
        )
    });
    let all: Vec<_> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| (rename(&name), view))
        .chain(more)
        .collect();
    safetensors::serialize_to_file(all, None, path).unwrap();
}

#[test]
fn what_checkpoints_hold_beside_the_encoder_is_passed_over_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let beside = [
        "lm_head.bias",
        "classifier.dense.weight",
        "qa_outputs.weight",
        "embeddings.position_ids",
    ];
    altered("roberta", &path, |name| format!("roberta.{name}"), &beside);
    let read = |path| {
        config("roberta", None)
            .init(&mut || 0.0, &Device::flex())
            .unwrap()
            .read_pretrained(path)
    };
    read(&path).unwrap();
    for unknown in [
        "adapter.weight",
        "embeddings.LayerNorm.scale",
        "encoder.layer.0.attention.self.distance.weight",
    ] {
        altered("roberta", &path, str::to_string, &[unknown]);
        let message = read(&path).unwrap_err().to_string();
        assert!(
            message.contains(&format!("not of this network: {unknown};")),
            "{message}"
        );
    }
}

/// As in files that were converted from TensorFlow, bert-base-uncased's among them.
#[test]
fn scale_and_shift_of_layer_norms_may_be_called_gamma_and_beta() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let old = |name: &str| {
        name.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta")
    };
    altered("bert", &path, old, &[]);
    let mut encoder = config("bert", None)
        .init(&mut || 0.0, &Device::flex())
        .unwrap();
    encoder.read_pretrained(&path).unwrap();
    assert_eq!(
        written(&encoder),
        written(&pretrained("bert", &config("bert", None), &Device::flex()))
    );
}

#[test]
fn a_folder_gives_its_safetensors_else_its_torch_file_and_says_what_it_lacks() {
    let (right, device) = (config("bert", None), Device::flex());
    let want = written(&pretrained("bert", &right, &device));
    assert_eq!(
        written(&right.load(&folder("bert"), &device).unwrap()),
        want
    );
    let dir = tempfile::tempdir().unwrap();
    let message = right.load(dir.path(), &device).unwrap_err().to_string();
    assert!(
        message.contains("there is no model.safetensors and no pytorch_model.bin here"),
        "{message}"
    );
    std::fs::copy(
        folder("bert").join("pytorch_model.bin"),
        dir.path().join("pytorch_model.bin"),
    )
    .unwrap();
    assert_eq!(written(&right.load(dir.path(), &device).unwrap()), want);
    let unfit = RobertaConfig {
        num_attention_heads: 3,
        ..right
    }
    .load(dir.path(), &device)
    .unwrap_err()
    .to_string();
    assert!(
        unfit.contains("not a multiple of num_attention_heads 3"),
        "{unfit}"
    );
}

fn refusal(case: &str, config: &RobertaConfig, file: &str) -> String {
    let mut encoder = config.init(&mut || 0.0, &Device::flex()).unwrap();
    encoder
        .read_pretrained(&folder(case).join(file))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_model_of_other_settings_is_refused_with_the_names_at_fault() {
    let right = config("roberta", None);
    let fewer = refusal(
        "roberta",
        &RobertaConfig {
            num_hidden_layers: 3,
            ..right.clone()
        },
        "model.safetensors",
    );
    assert!(
        fewer.contains("not of this network: encoder.layer.3."),
        "{fewer}"
    );
    let more = refusal(
        "roberta",
        &RobertaConfig {
            num_hidden_layers: 5,
            ..right.clone()
        },
        "model.safetensors",
    );
    assert!(more.contains("missing: encoder.layer.4."), "{more}");
    let wider = refusal(
        "roberta",
        &RobertaConfig {
            vocab_size: 31,
            ..right.clone()
        },
        "model.safetensors",
    );
    assert!(
        wider.contains("of another kind: ") && wider.contains("embeddings.word_embeddings.weight"),
        "{wider}"
    );
    assert!(
        wider.contains("its config.json describes") && !wider.contains('\n'),
        "{wider}"
    );
    let absent = refusal("roberta", &right, "nowhere.safetensors");
    assert!(absent.contains("nowhere.safetensors"), "{absent}");
}
