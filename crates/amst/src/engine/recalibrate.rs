use amst_encoders::Encoder;
use amst_recipe::Modality;

use crate::{Batch, Net};

/// Brings the BatchNorm statistics of the modalities in `batch` up to date with their encoders'
/// weights.
///
/// In an epoch in which a modality trains, its running statistics trail behind weights that
/// moved with every step; the published code corrects them by forwarding the modality in
/// the epochs that follow, although it is skipped there (D3). Here each branch's encoder
/// reads some batches in training mode, without gradients, right after the epoch.
/// `modalities` are all of the network's, in training order.
pub fn recalibrate<E: Encoder>(net: &Net<E>, modalities: &[Modality], batch: &Batch) {
    for (index, modality) in modalities.iter().enumerate() {
        let Some(input) = batch.inputs.get(modality) else {
            continue;
        };
        for encoder in net.branches.iter().map(|branch| &branch.encoders[index]) {
            if encoder.has_running_statistics() {
                // The clone shares the running statistics and gives up only the gradients.
                encoder.clone().no_grad().embed(input);
            }
        }
    }
}
