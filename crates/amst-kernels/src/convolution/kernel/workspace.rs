//! Buffers of a thread, kept from task to task.

use std::cell::RefCell;
use std::ops::Range;

use super::Shape;
use super::tiles::Strip;
use super::unfold::{Padded, SLACK, unfold};
use crate::avx2::with_avx2;

/// Buffers of one thread, as large as its largest task needed (a few megabytes at 512 channels),
/// and never freed.
#[derive(Default)]
pub struct Workspace {
    padded: Vec<Padded>,
    unfolded: Vec<f32>,
    /// For a matrix that a task needs besides.
    pub matrix: Vec<f32>,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
    static TRANSFORM_BUFFERS: RefCell<TransformBuffers> = RefCell::default();
}

/// Runs a task with the calling thread's workspace. The task must not run another one within.
pub fn with_workspace<T>(task: impl FnOnce(&mut Workspace) -> T) -> T {
    WORKSPACE.with_borrow_mut(task)
}

impl Workspace {
    /// Unfolds a tile of some channels: `[channels × taps, columns]`, and how many columns there
    /// are.
    pub fn unfold(
        &mut self,
        x: &[f32],
        shape: &Shape,
        channels: Range<usize>,
        tile: &[Strip],
    ) -> (&[f32], usize) {
        let part = Shape {
            inputs: channels.len(),
            ..*shape
        };
        let columns = tile.iter().map(|s| s.rows).sum::<usize>() * shape.output_size()[1];
        if self.padded.len() < tile.len() {
            self.padded.resize_with(tile.len(), Padded::default);
        }
        self.unfolded.resize(part.depth() * columns + SLACK, 0.0);
        with_avx2(|| {
            for (padded, strip) in self.padded.iter_mut().zip(tile) {
                let start = (strip.picture * shape.inputs + channels.start) * shape.plane();
                padded.fill(
                    &x[start..start + part.inputs * shape.plane()],
                    &part,
                    *strip,
                );
            }
            unfold(&self.padded, tile, &part, &mut self.unfolded);
        });
        (&self.unfolded, columns)
    }

    /// The buffer for one strip.
    pub fn padded(&mut self) -> &mut Padded {
        if self.padded.is_empty() {
            self.padded.push(Padded::default());
        }
        &mut self.padded[0]
    }

    /// The buffer for one strip, and the matrix.
    pub fn padded_and_matrix(&mut self) -> (&mut Padded, &mut Vec<f32>) {
        self.padded();
        (&mut self.padded[0], &mut self.matrix)
    }
}

/// Two buffers that all threads work in, kept by the thread that starts the tasks.
#[derive(Default)]
pub struct TransformBuffers([Vec<f32>; 2]);

impl TransformBuffers {
    /// Takes the calling thread's buffers. Should it run other tasks meanwhile, these allocate new
    /// ones.
    pub fn take() -> Self {
        TRANSFORM_BUFFERS.take()
    }

    /// Keeps the buffers for the next call of [`take`](Self::take).
    pub fn give_back(self) {
        TRANSFORM_BUFFERS.set(self);
    }

    /// A slice of each buffer, with arbitrary content.
    pub fn slices(&mut self, lengths: [usize; 2]) -> [&mut [f32]; 2] {
        let [first, second] = &mut self.0;
        first.resize(lengths[0].max(first.len()), 0.0);
        second.resize(lengths[1].max(second.len()), 0.0);
        [&mut first[..lengths[0]], &mut second[..lengths[1]]]
    }
}
