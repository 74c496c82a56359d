//! What is read from a first batch to a last one, and begun while the pass before it still
//! computes.

use std::ops::Range;

use amst_data::{Loader, SplitName};
use amst_recipe::Modality;
use burn::tensor::Device;

use crate::upload::Uploads;

/// Batches of a loader that are read in one go: the steps of an epoch, the tail that recalibrates,
/// a validation.
pub(crate) struct Pass {
    pub loader: Loader,
    pub epoch: u64,
    /// Of its batches.
    pub numbers: Range<usize>,
    pub modalities: Vec<Modality>,
    pub device: Device,
}

impl Pass {
    /// Begins to read and to move.
    pub fn start(&self) -> Uploads {
        Uploads::start(
            self.loader
                .batches(self.epoch, self.numbers.clone(), &self.modalities),
            &self.device,
        )
    }

    /// Whether the batches are the same.
    fn is(&self, other: &Pass) -> bool {
        let of = |pass: &Pass| -> SplitName { pass.loader.split().name() };
        of(self) == of(other)
            && (self.epoch, &self.numbers, &self.modalities)
                == (other.epoch, &other.numbers, &other.modalities)
            && self.device == other.device
    }
}

/// The pass that comes next, if it was begun: its first batch need not be waited for. In a run of
/// few batches that wait is a large part of all waiting.
///
/// What is begun is a guess that costs reading alone: another pass that is taken instead is read
/// from its own start.
#[derive(Default)]
pub(crate) struct Ahead(Option<(Pass, Uploads)>);

impl Ahead {
    /// Begins to read what is expected next, in place of what was before.
    pub fn begin(&mut self, pass: Option<Pass>) {
        self.0 = pass.map(|pass| {
            let begun = pass.start();
            (pass, begun)
        });
    }

    /// The batches of a pass, begun or not.
    pub fn take(&mut self, pass: &Pass) -> Uploads {
        match self.0.take() {
            Some((begun, uploads)) if begun.is(pass) => uploads,
            _ => pass.start(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use amst::methods::built_in;
    use amst_data::{LoaderConfig, Prepared};
    use amst_recipe::DatasetSpec;

    use super::*;

    /// A pass over three batches, and the numbers of the batches that were read for it.
    fn pass(epoch: u64) -> (Pass, Arc<Mutex<Vec<usize>>>) {
        let settings =
            ["synthetic.train=6", "synthetic.val=6", "synthetic.test=6"].map(String::from);
        let recipe = built_in()
            .resolve(&[DatasetSpec::shapes("crema-d").unwrap().recipe], &settings)
            .unwrap();
        let split = Prepared::shapes(&recipe).unwrap().split(SplitName::Train);
        let config = LoaderConfig {
            batch_size: 2,
            train: true,
            workers: 1,
            ..LoaderConfig::default()
        };
        let made = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&made);
        let loader = Loader::new(split, config).unwrap();
        let loader = loader.watched(Arc::new(move |m| noted.lock().unwrap().push(m.batch)));
        (
            Pass {
                loader,
                epoch,
                numbers: 0..3,
                modalities: vec![Modality::Audio],
                device: Device::flex(),
            },
            made,
        )
    }

    fn indices(uploads: Uploads) -> Vec<Vec<usize>> {
        uploads.map(|uploaded| uploaded.unwrap().indices).collect()
    }

    #[test]
    fn what_was_begun_is_read_before_it_is_asked_for_and_once() {
        let ((begun, made), mut ahead) = (pass(1), Ahead::default());
        let expected = indices(begun.start());
        made.lock().unwrap().clear();
        ahead.begin(Some(begun));
        while made.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        let (asked, own) = pass(1);
        assert_eq!(indices(ahead.take(&asked)), expected);
        assert_eq!(*made.lock().unwrap(), [0, 1, 2]);
        assert!(
            own.lock().unwrap().is_empty(),
            "nothing was read for the pass that asked"
        );
    }

    #[test]
    fn another_pass_than_the_one_begun_is_read_from_its_own_start() {
        let mut ahead = Ahead::default();
        ahead.begin(Some(pass(1).0));
        let asked = pass(2).0;
        let expected = indices(asked.start());
        assert_ne!(expected, indices(pass(1).0.start()));
        assert_eq!(indices(ahead.take(&asked)), expected);
    }
}
