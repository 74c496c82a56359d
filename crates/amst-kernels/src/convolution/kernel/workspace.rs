//! What a thread works in, kept from task to task.

use std::cell::RefCell;
use std::ops::Range;

use super::Shape;
use super::tiles::Strip;
use super::unfold::{Padded, SLACK, unfold};
use crate::wide::wide;

/// Arrays of one thread, as large as the largest task it has had (a few megabytes at 512 channels),
/// and never given back.
#[derive(Default)]
pub struct Workspace {
    padded: Vec<Padded>,
    unfolded: Vec<f32>,
    /// For whatever else a task needs an array.
    pub matrix: Vec<f32>,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
    static IMAGES: RefCell<Images> = RefCell::default();
}

/// Lends the calling thread's workspace to a task, which starts no other.
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
        let columns = tile.iter().map(|s| s.rows).sum::<usize>() * shape.to()[1];
        if self.padded.len() < tile.len() {
            self.padded.resize_with(tile.len(), Padded::default);
        }
        self.unfolded.resize(part.depth() * columns + SLACK, 0.0);
        wide(|| {
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

    /// The rows of one strip.
    pub fn padded(&mut self) -> &mut Padded {
        if self.padded.is_empty() {
            self.padded.push(Padded::default());
        }
        &mut self.padded[0]
    }

    /// The rows of one strip, and an array for the product that is folded into them.
    pub fn folding(&mut self) -> (&mut Padded, &mut Vec<f32>) {
        self.padded();
        (&mut self.padded[0], &mut self.matrix)
    }
}

/// Two arrays that all threads work in, kept by the thread that calls them together.
#[derive(Default)]
pub struct Images([Vec<f32>; 2]);

impl Images {
    /// The calling thread's. It may be given other tasks meanwhile, which find none and make their
    /// own.
    pub fn take() -> Self {
        IMAGES.take()
    }

    /// For the next time.
    pub fn give_back(self) {
        IMAGES.set(self);
    }

    /// So many numbers of each, whatever they are.
    pub fn of(&mut self, lengths: [usize; 2]) -> [&mut [f32]; 2] {
        let [first, second] = &mut self.0;
        first.resize(lengths[0].max(first.len()), 0.0);
        second.resize(lengths[1].max(second.len()), 0.0);
        [&mut first[..lengths[0]], &mut second[..lengths[1]]]
    }
}
