//! ResNet-18 (He et al. 2016) in torchvision's topology, without its classifier.

use amst_kernels::convolution::conv2d;
use amst_kernels::pooling::max_pool2d;
use amst_kernels::sums::mean_last;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Device, Tensor};

use crate::init::{kaiming_conv, normal_param};
use crate::{BatchNorm, Encoder, Input, Normal};

/// The layers before the first stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stem {
    /// 7×7 convolution of stride 2, then 3×3 max-pooling of stride 2: torchvision's.
    Imagenet,
    /// 3×3 convolution of stride 1 without pooling, for inputs of a few dozen pixels.
    Small,
}

/// Settings of a [`ResNet18`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResNet18Config {
    /// Input channels: 1 for a spectrogram or grey pictures, 3 for colour.
    pub channels: usize,
    /// Channels of the first stage; the last has eight times as many. 64 in the paper.
    pub width: usize,
    /// The first layers.
    pub stem: Stem,
    /// Width of the embedding through a bias-free 1×1 convolution; `None` keeps 8 × `width`.
    pub embed: Option<usize>,
}

/// ResNet-18 as an encoder.
///
/// Frames are folded into the batch, for the convolutions and for batch statistics, and the
/// embedding is the average over frames, height and width together.
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    proj: Option<Conv2d>,
    #[module(skip)]
    stem: Stem,
    #[module(skip)]
    bf16: bool,
}

/// Two 3×3 convolutions around a shortcut.
#[derive(Module, Debug)]
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<Downsample>,
}

/// The shortcut where size or width changes.
#[derive(Module, Debug)]
struct Downsample {
    conv: Conv2d,
    bn: BatchNorm,
}

impl ResNet18Config {
    /// Initialises from scratch: Kaiming normal by fan-out, BatchNorm scale 1 and shift 0.
    ///
    /// Values are drawn in the order of the parameters in torchvision's state dictionary.
    pub fn init(&self, normal: Normal<'_>, device: &Device) -> ResNet18 {
        let w = self.width;
        let (kernel, stride) = match self.stem {
            Stem::Imagenet => (7, 2),
            Stem::Small => (3, 1),
        };
        ResNet18 {
            conv1: kaiming_conv([self.channels, w], kernel, stride, normal, device),
            bn1: BatchNorm::new(w, device),
            layer1: stage(w, w, 1, normal, device),
            layer2: stage(w, 2 * w, 2, normal, device),
            layer3: stage(2 * w, 4 * w, 2, normal, device),
            layer4: stage(4 * w, 8 * w, 2, normal, device),
            proj: self
                .embed
                .map(|embed| projection(8 * w, embed, normal, device)),
            stem: self.stem,
            bf16: false,
        }
    }
}

fn projection(input: usize, embed: usize, normal: Normal<'_>, device: &Device) -> Conv2d {
    let mut conv = kaiming_conv([input, embed], 1, 1, normal, device);
    conv.weight = normal_param(
        [embed, input, 1, 1],
        (2.0 / embed as f64).sqrt(),
        normal,
        device,
    );
    conv
}

fn stage(
    input: usize,
    output: usize,
    stride: usize,
    normal: Normal<'_>,
    device: &Device,
) -> Vec<BasicBlock> {
    vec![
        BasicBlock::new(input, output, stride, normal, device),
        BasicBlock::new(output, output, 1, normal, device),
    ]
}

impl BasicBlock {
    fn new(
        input: usize,
        output: usize,
        stride: usize,
        normal: Normal<'_>,
        device: &Device,
    ) -> Self {
        Self {
            conv1: kaiming_conv([input, output], 3, stride, normal, device),
            bn1: BatchNorm::new(output, device),
            conv2: kaiming_conv([output, output], 3, 1, normal, device),
            bn2: BatchNorm::new(output, device),
            downsample: (stride != 1 || input != output).then(|| Downsample {
                conv: kaiming_conv([input, output], 1, stride, normal, device),
                bn: BatchNorm::new(output, device),
            }),
        }
    }

    fn forward(&self, x: Tensor<4>, bf16: bool) -> Tensor<4> {
        let y = self
            .bn1
            .forward_relu(convolve(&self.conv1, x.clone(), bf16));
        let y = convolve(&self.conv2, y, bf16);
        let shortcut = match &self.downsample {
            Some(downsample) => downsample.bn.forward(convolve(&downsample.conv, x, bf16)),
            None => x,
        };
        self.bn2.forward_add_relu(y, shortcut)
    }
}

impl ResNet18 {
    /// Sets whether inputs, kernels and outputs of the convolutions, and their gradients, are
    /// rounded to bfloat16. Parameters and normalisation stay float32. The device must support
    /// bfloat16.
    pub fn in_bf16(mut self, bf16: bool) -> Self {
        self.bf16 = bf16;
        self
    }

    /// Feature maps of `[batch, channels, height, width]`, before averaging: `[batch, D, h, w]`.
    pub fn features(&self, x: Tensor<4>) -> Tensor<4> {
        let mut x = self.bn1.forward_relu(convolve(&self.conv1, x, self.bf16));
        if self.stem == Stem::Imagenet {
            x = max_pool2d(x, 3, 2, 1);
        }
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4]
            .into_iter()
            .flatten()
        {
            x = block.forward(x, self.bf16);
        }
        match &self.proj {
            Some(proj) => convolve(proj, x, self.bf16),
            None => x,
        }
    }

    /// `[batch, 1, time, mel]` to `[batch, D]`.
    pub fn embed_map(&self, x: Tensor<4>) -> Tensor<2> {
        average(self.features(x), 1)
    }

    /// `[batch, channels, frames, height, width]` to `[batch, D]`.
    pub fn embed_frames(&self, x: Tensor<5>) -> Tensor<2> {
        let [batch, channels, frames, height, width] = x.dims();
        let folded = x
            .swap_dims(1, 2)
            .reshape([batch * frames, channels, height, width]);
        average(self.features(folded), frames)
    }
}

/// A layer's convolution; its settings are those of `kaiming_conv`.
fn convolve(layer: &Conv2d, x: Tensor<4>, bf16: bool) -> Tensor<4> {
    let (kernels, stride, padding) = (
        layer.weight.val(),
        layer.stride[0],
        layer.kernel_size[0] / 2,
    );
    if bf16 {
        let [x, kernels] = [x, kernels].map(|t| t.cast(DType::BF16));
        return conv2d(x, kernels, stride, padding).cast(DType::F32);
    }
    conv2d(x, kernels, stride, padding)
}

/// Mean over frames, height and width: `[batch * frames, D, h, w]` to `[batch, D]`.
fn average(features: Tensor<4>, frames: usize) -> Tensor<2> {
    let [folded, embed, height, width] = features.dims();
    let batch = folded / frames;
    let positions = features.reshape([folded, embed, height * width]);
    let per_frame: Tensor<2> = mean_last(positions).squeeze_dim(2);
    if frames == 1 {
        return per_frame;
    }
    per_frame
        .reshape([batch, frames, embed])
        .mean_dim(1)
        .squeeze_dim(1)
}

impl Encoder for ResNet18 {
    fn embed(&self, input: &Input) -> Tensor<2> {
        match input {
            Input::Map(x) => self.embed_map(x.clone()),
            Input::Frames(x) => self.embed_frames(x.clone()),
            Input::Tokens { .. } => panic!("a ResNet reads spectrograms or frames, not tokens"),
        }
    }

    fn has_running_statistics(&self) -> bool {
        true
    }
}
