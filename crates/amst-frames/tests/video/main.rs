//! Videos: which frames and what sound come out, against OpenCV and the
//! published commands. `fixtures/video/README.md` says what the clips are.

mod clips;
mod frames;
mod peculiarities;
mod refusals;
mod sound;
mod spans;
mod together;
