//! One step of a balancing method beside one of Naive, from equal weights, against numbers worked
//! out here in double precision from docs/paper.md §4.

use amst::methods::agm::AgmSpec;
use amst::methods::mslr::{MslrSpec, MslrStrategy};
use amst::methods::naive::NaiveSpec;
use amst::methods::ogm_ge::{OgmScope, OgmSpec};
use amst::methods::pmr::PmrSpec;
use amst::{Agm, Mslr, Naive, OgmGe, Pmr};
use amst::{Modality, Score, StepReport, cross_entropy};
use amst_recipe::Rates;
use burn::module::Module;
use burn::tensor::Tensor;

use crate::toy::{
    Audio, CLASSES, OPTIM, Run, SAMPLE, SETS, Text, Value, Values, Visual, batch, differing,
    labels, numbers, validated, values,
};

fn naive(modalities: &[Modality]) -> Run {
    Run::new(Naive::new(modalities, &NaiveSpec::default()).unwrap())
}

fn rows(logits: &Tensor<2>) -> Vec<Vec<f64>> {
    let [_, classes] = logits.dims();
    numbers(logits.clone())
        .chunks(classes)
        .map(|row| row.iter().map(|v| *v as f64).collect())
        .collect()
}

/// Probability of the right class.
fn right(logits: &[f64], label: i64) -> f64 {
    let total: f64 = logits.iter().map(|o| o.exp()).sum();
    logits[label as usize].exp() / total
}

/// Gradients of a step, given the state before it: what the velocity is more than nine tenths of
/// the old one and the weight decay. Before the first step there is no old one.
fn gradients(run: &Run, weights: &Values, velocities: Option<&Values>) -> Values {
    let now = run.state();
    let trained = weights
        .iter()
        .filter(|(name, _)| !name.contains("running_"));
    let gradient = |(name, weight): (&String, &Value)| {
        let name = name.clone();
        let velocity = &now[&format!("velocity.{name}")].values;
        let before = velocities.map(|v| &v[&format!("velocity.{name}")].values);
        let own = |i: usize| {
            let carried = before.map_or(0.0, |before| OPTIM.momentum * before[i] as f64);
            (velocity[i] as f64 - carried - OPTIM.weight_decay * weight.values[i] as f64) as f32
        };
        (
            name,
            Value {
                rank: weight.rank,
                values: (0..velocity.len()).map(own).collect(),
            },
        )
    };
    trained.map(gradient).collect()
}

/// That `got` is `k(name, value)` times `plain`, up to rounding in weights of order 1.
fn assert_scaled(got: &Values, plain: &Values, k: impl Fn(&str, &Value) -> f64) {
    for (name, plain) in plain {
        let k = k(name, plain);
        let largest = plain
            .values
            .iter()
            .fold(0.0f32, |largest, v| largest.max(v.abs())) as f64;
        assert!(
            largest > 1e-4 || !name.contains("conv1"),
            "{name} has no gradient to speak of: {largest}"
        );
        for (got, plain) in got[name].values.iter().zip(&plain.values) {
            let apart = (*got as f64 - k * *plain as f64).abs();
            assert!(
                apart < 1e-6 + 1e-5 * largest,
                "{name}: {got} is not {k} times {plain}"
            );
        }
    }
}

/// The place of the encoder that a parameter is of.
fn encoder(name: &str) -> Option<usize> {
    name.strip_prefix("branches.0.encoders.")?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// `1 − tanh(alpha·rho)` for the leader and 1 for the others: of two the one with the ratio above
/// 1, of three the one with the largest ratio to the rest.
fn ogm_by_hand(
    report: &StepReport,
    modalities: &[Modality],
    labels: &[i64],
    alpha: f64,
) -> Vec<f64> {
    let score = |m: &Modality| {
        let logits = rows(report.outputs.modality(*m).unwrap());
        logits
            .iter()
            .zip(labels)
            .map(|(row, label)| right(row, *label))
            .sum::<f64>()
    };
    let scores: Vec<f64> = modalities.iter().map(score).collect();
    let total: f64 = scores.iter().sum();
    let leader = (0..scores.len())
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        .unwrap();
    let ratio = scores[leader] / (total - scores[leader]);
    (0..scores.len())
        .map(|m| {
            if m == leader {
                1.0 - (alpha * ratio).tanh()
            } else {
                1.0
            }
        })
        .collect()
}

fn ogm(modalities: &[Modality], scope: OgmScope) -> Run {
    let spec = OgmSpec {
        alpha: 0.5,
        noise: false,
        scope,
        ..OgmSpec::default()
    };
    Run::new(
        OgmGe::new(
            modalities,
            &spec,
            Box::new(|_, _| Box::new(|_| panic!("noise is off"))),
        )
        .unwrap(),
    )
}

/// Convolutions have four dimensions, text's two matrices two, biases and normalisation one.
fn in_scope(scope: OgmScope, modality: Modality, rank: usize) -> bool {
    match scope {
        OgmScope::Backbone => rank == 4 || modality == Text && rank == 2,
        OgmScope::Conv4d => rank == 4,
        OgmScope::NdimAbove1 => rank > 1,
        OgmScope::All => true,
    }
}

#[test]
fn ogm_ge_scales_the_leaders_gradients_in_scope_by_k_and_leaves_all_others_and_the_head() {
    let scopes = [
        OgmScope::Backbone,
        OgmScope::Conv4d,
        OgmScope::NdimAbove1,
        OgmScope::All,
    ];
    let mut leaders = Vec::new();
    for modalities in [
        &[Audio, Visual][..],
        &[Text, Visual],
        &[Audio, Text, Visual],
    ] {
        for number in 0..4 {
            scopes
                .iter()
                .for_each(|scope| leaders.push(ogm_slows_the_leader(modalities, number, *scope)));
        }
    }
    for modality in Modality::ALL {
        assert!(
            leaders.contains(&modality),
            "{modality} never leads: {leaders:?}"
        );
    }
}

/// One step on batch `number` beside Naive's; the modality that led in it.
fn ogm_slows_the_leader(modalities: &[Modality], number: usize, scope: OgmScope) -> Modality {
    let (mut plain, mut slowed) = (naive(modalities), ogm(modalities, scope));
    let before = values(&plain.net);
    let report = plain.step(0, number);
    let told = slowed.step(0, number).balance;
    let k = ogm_by_hand(&report, modalities, &labels(number), 0.5);
    for ((m, k), (name, told)) in modalities.iter().zip(&k).zip(&told) {
        assert!(
            *name == format!("k.{m}") && (*told as f64 - k).abs() < 1e-5,
            "{told} is not {k}"
        );
    }
    assert_scaled(
        &gradients(&slowed, &before, None),
        &gradients(&plain, &before, None),
        |name, value| {
            let own = |m: usize| {
                if in_scope(scope, modalities[m], value.rank) {
                    k[m]
                } else {
                    1.0
                }
            };
            encoder(name).map_or(1.0, own)
        },
    );
    modalities[k.iter().position(|k| *k < 1.0).unwrap()]
}

/// An encoder goes `rate·v`, and the head `lr·v`, before and after the schedule's drop.
#[test]
fn mslr_moves_each_encoder_by_its_own_rate_and_the_head_by_the_common_one() {
    let lr = Rates {
        audio: 0.001,
        text: 0.02,
        visual: 0.01,
    };
    for modalities in SETS {
        for (epoch, decay) in [(0, 1.0), (2, 0.1)] {
            let mut run = Run::new(
                Mslr::new(
                    modalities,
                    &MslrSpec {
                        lr,
                        ..MslrSpec::default()
                    },
                )
                .unwrap(),
            );
            let before = values(&run.net);
            let report = run.step(epoch, 0);
            let (after, state) = (values(&run.net), run.state());
            for (name, before) in before.iter().filter(|(name, _)| !name.contains("running_")) {
                let rate = encoder(name).map_or(OPTIM.lr, |m| lr.of(modalities[m])) * decay;
                let velocity = &state[&format!("velocity.{name}")].values;
                for ((after, before), v) in
                    after[name].values.iter().zip(&before.values).zip(velocity)
                {
                    let want = *before as f64 - rate * *v as f64;
                    assert!(
                        (*after as f64 - want).abs() < 1e-6,
                        "{name}: {after} is not {want}"
                    );
                }
            }
            let told: Vec<_> = modalities
                .iter()
                .map(|m| (format!("lr.{m}"), (lr.of(*m) * decay) as f32))
                .collect();
            assert_eq!(report.balance, told);
        }
    }
}

/// An accuracy of 0 over a mean above 0 is a rate of 0, which is not the absence of a rate.
#[test]
fn mslr_does_not_move_an_encoder_whose_accuracy_fell_to_zero() {
    let lr = Rates {
        audio: 0.001,
        text: 0.02,
        visual: 0.01,
    };
    let spec = MslrSpec {
        lr,
        strategy: MslrStrategy::DynamicAgm,
        window: 1,
        ..MslrSpec::default()
    };
    let mut run = Run::new(Mslr::new(&[Audio, Visual], &spec).unwrap());
    for (epoch, accuracy) in [0.5, 0.0].into_iter().enumerate() {
        run.step(epoch, 0);
        let score = |accuracy| Score {
            loss: 1.0,
            accuracy,
        };
        let scores = [
            ("audio".to_string(), score(accuracy)),
            ("visual".into(), score(0.5)),
        ];
        run.end_epoch(epoch, &validated(scores.into()));
    }
    let before = values(&run.net);
    let report = run.step(2, 0);
    assert_eq!(report.balance[0], ("lr.audio".to_string(), 0.0));
    let moved = differing(&before, &values(&run.net));
    assert!(
        moved
            .iter()
            .all(|name| encoder(name) != Some(0) || name.contains("running_")),
        "{moved:?}"
    );
    assert!(
        moved
            .iter()
            .any(|name| encoder(name) == Some(1) && !name.contains("running_")),
        "{moved:?}"
    );
}

/// Class means of embeddings in evaluation mode over the batches of the sample.
fn prototypes(run: &Run, modality: usize) -> Vec<Vec<f64>> {
    let net = run.net.valid();
    let modalities = run.modalities();
    let mut means = vec![(Vec::<f64>::new(), 0.0); CLASSES];
    for number in 500..500 + SAMPLE {
        let embeddings = net
            .embed(modalities, &batch(number, modalities).inner())
            .swap_remove(0);
        for (row, label) in rows(embeddings[modality].as_ref().unwrap())
            .into_iter()
            .zip(labels(number))
        {
            let (sum, count) = &mut means[label as usize];
            sum.resize(row.len(), 0.0);
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += value);
            *count += 1.0;
        }
    }
    means
        .into_iter()
        .map(|(sum, count)| sum.into_iter().map(|s| s / count).collect())
        .collect()
}

/// Loss of a modality's embeddings against its prototypes, and the sum of the right classes'
/// probabilities.
fn pmr_by_hand(embeddings: &Tensor<2>, prototypes: &[Vec<f64>], labels: &[i64]) -> (f64, f64) {
    let distance = |e: &[f64], p: &[f64]| {
        e.iter()
            .zip(p)
            .map(|(e, p)| (e - p).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let probability = |(e, label): (&Vec<f64>, &i64)| {
        right(
            &prototypes
                .iter()
                .map(|p| -distance(e, p))
                .collect::<Vec<_>>(),
            *label,
        )
    };
    let probabilities: Vec<f64> = rows(embeddings)
        .iter()
        .zip(labels)
        .map(probability)
        .collect();
    let loss = probabilities.iter().map(|p| -p.ln()).sum::<f64>() / labels.len() as f64;
    (loss, probabilities.iter().sum())
}

fn pmr(modalities: &[Modality], alpha: f64) -> Run {
    Run::new(
        Pmr::new(
            modalities,
            &PmrSpec {
                alpha,
                fraction: 1.0,
                ..PmrSpec::default()
            },
        )
        .unwrap(),
    )
}

#[test]
fn pmr_gives_the_lagging_encoder_another_gradient_and_leaves_the_leader_and_the_head() {
    for modalities in SETS {
        let (mut plain, mut once, mut twice) = (
            naive(modalities),
            pmr(modalities, 1.0),
            pmr(modalities, 2.0),
        );
        let before = values(&plain.net);
        let prototypes: Vec<_> = (0..modalities.len())
            .map(|m| prototypes(&plain, m))
            .collect();
        plain.step(0, 0);
        once.begin(0);
        twice.begin(0);
        let report = once.step(0, 0);
        twice.step(0, 0);

        let embeddings = report.embeddings[0].iter().zip(&prototypes);
        let by_hand: Vec<(f64, f64)> = embeddings
            .map(|(e, p)| pmr_by_hand(e.as_ref().unwrap(), p, &labels(0)))
            .collect();
        let mean = by_hand.iter().map(|(_, score)| score).sum::<f64>() / by_hand.len() as f64;
        let lags: Vec<bool> = by_hand.iter().map(|(_, score)| *score < mean).collect();
        let named = |name: &str| report.losses.iter().find(|(n, _)| n == name).unwrap().1 as f64;
        for (m, modality) in modalities.iter().enumerate() {
            let (told, want) = (named(&format!("proto.{modality}")), by_hand[m].0);
            assert!(
                (told - want).abs() < 1e-5,
                "prototype loss {told} is not {want}"
            );
            let weight = if lags[m] { 1.0 } else { 0.0 };
            assert_eq!(
                report.balance[m],
                (format!("weight.{modality}"), weight),
                "{by_hand:?}"
            );
        }
        let added: f64 = by_hand
            .iter()
            .zip(&lags)
            .filter(|(_, lags)| **lags)
            .map(|((loss, _), _)| loss)
            .sum();
        assert!((named("total") - named("fused") - added).abs() < 1e-5);

        let of = |run: &Run| gradients(run, &before, None);
        let (plain, once, twice) = (of(&plain), of(&once), of(&twice));
        for (name, plain) in &plain {
            let (once, twice) = (&once[name], &twice[name]);
            let added = |run: &Value| {
                run.values
                    .iter()
                    .zip(&plain.values)
                    .map(|(a, b)| a - b)
                    .collect::<Vec<_>>()
            };
            if encoder(name).is_some_and(|m| lags[m]) {
                let largest = added(once)
                    .iter()
                    .fold(0.0f32, |largest, v| largest.max(v.abs()));
                assert!(largest > 1e-4, "{name} lags and gets {largest} more");
                for (once, twice) in added(once).into_iter().zip(added(twice)) {
                    assert!(
                        (twice - 2.0 * once).abs() < 1e-6 + 1e-4 * largest,
                        "{name}: {twice} is not twice {once}"
                    );
                }
            } else {
                assert_eq!(
                    (once.bits(), twice.bits()),
                    (plain.bits(), plain.bits()),
                    "{name}"
                );
            }
        }
    }
}

/// A modality's response: what it adds to the logits, averaged over all orders of arrival, the
/// first to come counting with everything that is there; absent ones are fed blanks.
fn response(run: &Run, batch: &amst::Batch, player: usize) -> Vec<Vec<f64>> {
    let (net, modalities) = (run.net.valid(), run.modalities());
    let logits = |present: &[usize]| {
        let mut batch = batch.inner();
        let embedding = |(m, modality): (usize, &Modality)| {
            let input = batch.inputs.remove(modality).unwrap();
            let samples = input.batch_size();
            let embedding = match present.contains(&m) {
                true => net.branches[0].embed(m, &input),
                false => net.branches[0]
                    .embed(m, &input.blank())
                    .repeat_dim(0, samples),
            };
            (m, embedding)
        };
        rows(
            &net.branches[0].head.fused(
                &modalities
                    .iter()
                    .enumerate()
                    .map(embedding)
                    .collect::<Vec<_>>(),
            ),
        )
    };
    let orders = orders(&(0..modalities.len()).collect::<Vec<_>>());
    let mut mean: Vec<Vec<f64>> = Vec::new();
    for order in &orders {
        let place = order.iter().position(|m| *m == player).unwrap();
        let (with, without) = (logits(&order[..=place]), logits(&order[..place]));
        mean.resize(with.len(), vec![0.0; CLASSES]);
        for (sample, (with, without)) in with.iter().zip(&without).enumerate() {
            for class in 0..CLASSES {
                let gain = if place == 0 {
                    with[class]
                } else {
                    with[class] - without[class]
                };
                mean[sample][class] += gain / orders.len() as f64;
            }
        }
    }
    mean
}

fn orders(players: &[usize]) -> Vec<Vec<usize>> {
    if players.is_empty() {
        return vec![Vec::new()];
    }
    let first = |player: &usize| {
        let rest: Vec<usize> = players
            .iter()
            .copied()
            .filter(|other| other != player)
            .collect();
        orders(&rest)
            .into_iter()
            .map(|order| [vec![*player], order].concat())
            .collect::<Vec<_>>()
    };
    players.iter().flat_map(first).collect()
}

/// `exp((mean s − s_m)·M/(M − 1))` with s the mean surprise of the responses.
fn agm_ratios(run: &Run, number: usize) -> Vec<f64> {
    let modalities = run.modalities();
    let batch = batch(number, modalities);
    let surprise = |m: usize| {
        let rows = response(run, &batch, m);
        rows.iter()
            .zip(labels(number))
            .map(|(row, label)| -right(row, label).ln())
            .sum::<f64>()
            / rows.len() as f64
    };
    let surprises: Vec<f64> = (0..modalities.len()).map(surprise).collect();
    let count = surprises.len() as f64;
    let mean = surprises.iter().sum::<f64>() / count;
    surprises
        .iter()
        .map(|s| ((mean - s) * count / (count - 1.0)).exp())
        .collect()
}

/// In the first step every ratio is its own target and AGM is Naive; in the second each
/// modality's gradients, those of its part of the head among them, are k times Naive's.
#[test]
fn agm_scales_a_modalitys_gradients_by_how_its_response_compares_with_what_it_was() {
    let spec = AgmSpec {
        alpha: 1.5,
        cap: 10.0,
        clip: 0.0,
    };
    for modalities in SETS {
        let (mut plain, mut agm) = (
            naive(modalities),
            Run::new(Agm::new(modalities, &spec).unwrap()),
        );
        let first = agm_ratios(&plain, 0);
        plain.step(0, 0);
        assert!(agm.step(0, 0).balance.iter().all(|(_, k)| *k == 1.0));
        let second = agm_ratios(&plain, 1);
        let k: Vec<f64> = first
            .iter()
            .zip(&second)
            .map(|(target, ratio)| (1.5 * (target - ratio)).exp())
            .collect();
        assert!(
            k.iter().all(|k| (k - 1.0).abs() > 1e-3 && *k < 100.0),
            "nothing to see: {k:?}"
        );

        let (weights, velocities) = (values(&plain.net), plain.state());
        plain.step(0, 1);
        let told = agm.step(0, 1).balance;
        for ((m, k), (name, told)) in modalities.iter().zip(&k).zip(&told) {
            assert!(
                *name == format!("k.{m}") && (*told as f64 / k - 1.0).abs() < 1e-4,
                "{told} is not {k}"
            );
        }
        let of = |run: &Run| gradients(run, &weights, Some(&velocities));
        assert_scaled(&of(&agm), &of(&plain), |name, _| {
            k[encoder(name).unwrap_or_else(|| linear(name))]
        });
    }
}

/// A modality that does far worse than it did gets its gradient times a million; its logits,
/// and so the loss, must not feel it.
#[test]
fn agms_loss_is_that_of_the_logits_however_strong_the_modulation() {
    let spec = AgmSpec {
        alpha: 1e3,
        cap: 0.0138,
        clip: 1.0,
    };
    for modalities in SETS {
        let mut run = Run::new(Agm::new(modalities, &spec).unwrap());
        run.step(0, 0);
        let report = run.step(0, 1);
        let k = report
            .balance
            .iter()
            .fold(0.0f32, |largest, (_, k)| largest.max(*k));
        assert!(k > 9e5, "{:?}", report.balance);
        let logits = report.outputs.fused().unwrap().clone().inner();
        let plain: f32 = cross_entropy(logits, &batch(1, modalities).labels.inner()).into_scalar();
        assert_eq!(report.losses, [("fused".to_string(), plain)]);
    }
}

/// The place of the modality whose part of a late-sum head a parameter is of.
fn linear(name: &str) -> usize {
    name.strip_prefix("branches.0.head.LateSum.linears.")
        .and_then(|rest| rest.split('.').next()?.parse().ok())
        .unwrap()
}
