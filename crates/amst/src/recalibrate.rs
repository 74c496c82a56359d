use amst_encoders::Encoder;
use amst_recipe::Modality;

use crate::{Batch, Net};

/// Brings the BatchNorm statistics of one modality's encoders up to date with their weights.
///
/// In an epoch in which a modality trains, its running statistics trail behind weights that
/// moved with every step; the published code corrects them by forwarding the modality in
/// the epochs that follow, although it is skipped there (D3). Here each branch's encoder
/// reads some batches in training mode, without gradients, right after the epoch.
pub fn recalibrate<E: Encoder>(net: &Net<E>, modality: Modality, index: usize, batch: &Batch) {
    let Some(input) = batch.inputs.get(&modality) else { return };
    for branch in &net.branches {
        let encoder = &branch.encoders[index];
        if encoder.has_running_statistics() {
            // The clone shares the running statistics and gives up only the gradients.
            encoder.clone().no_grad().embed(input);
        }
    }
}
