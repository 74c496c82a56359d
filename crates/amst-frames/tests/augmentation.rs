//! The random part: its rule, its statistics, its switches.

use amst_frames::{
    CropBox, EvalTransform, FrameConfig, Picture, TrainTransform, crop_resize, random_crop_box,
    resize,
};
use proptest::prelude::*;

/// A small generator for the statistics (SplitMix64).
fn uniforms(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Every pixel another colour, as far as three bytes go.
fn speckled(width: usize, height: usize) -> Picture {
    let rgb = (0..width * height * 3)
        .map(|i| (i * 37 % 251) as u8)
        .collect();
    Picture { width, height, rgb }
}

#[test]
fn the_mean_area_of_a_480x360_crop_is_torchvisions() {
    let mut uniform = uniforms(1);
    let draws = 40_000;
    let mut area = 0.0;
    for _ in 0..draws {
        let crop = random_crop_box(480, 360, [0.08, 1.0], [0.75, 4.0 / 3.0], &mut uniform);
        area += (crop.width * crop.height) as f64 / (480.0 * 360.0);
    }
    // The standard error of the mean is about 0.001.
    let mean = area / f64::from(draws);
    println!("mean area {mean:.4}");
    assert!((mean - 0.433).abs() < 0.005, "mean area {mean}");
}

#[test]
fn half_of_the_frames_are_mirrored() {
    let config = FrameConfig {
        size: [4, 4],
        crop_scale: None,
        ..FrameConfig::default()
    };
    let picture = speckled(4, 4);
    let train = TrainTransform::new(&config).unwrap();
    let mut plain = vec![0.0; config.volume()];
    EvalTransform::new(&config)
        .unwrap()
        .apply(&picture, &mut plain)
        .unwrap();
    let mut uniform = uniforms(2);
    let mut out = plain.clone();
    let mut mirrored = 0;
    for _ in 0..2000 {
        train.apply(&picture, &mut uniform, &mut out).unwrap();
        mirrored += usize::from(out != plain);
    }
    assert!((900..1100).contains(&mirrored), "{mirrored} of 2000");
}

#[test]
fn mirroring_reverses_each_row() {
    let config = FrameConfig {
        size: [6, 5],
        crop_scale: None,
        flip: 1.0,
        ..FrameConfig::default()
    };
    let picture = speckled(9, 7);
    let mut train = vec![0.0; config.volume()];
    let mut eval = train.clone();
    TrainTransform::new(&config)
        .unwrap()
        .apply(&picture, &mut || 0.9, &mut train)
        .unwrap();
    EvalTransform::new(&config)
        .unwrap()
        .apply(&picture, &mut eval)
        .unwrap();
    eval.chunks_exact_mut(5).for_each(<[f32]>::reverse);
    assert_eq!(train, eval);
}

#[test]
fn with_everything_switched_off_training_is_evaluation_and_draws_nothing() {
    let config = FrameConfig::grey([28, 28]);
    let picture = speckled(31, 20);
    let mut train = vec![0.0; config.volume()];
    let mut eval = train.clone();
    let mut never = || panic!("nothing is left to chance");
    TrainTransform::new(&config)
        .unwrap()
        .apply(&picture, &mut never, &mut train)
        .unwrap();
    EvalTransform::new(&config)
        .unwrap()
        .apply(&picture, &mut eval)
        .unwrap();
    assert_eq!(train, eval);
}

#[test]
fn the_training_frame_is_its_crop_resized() {
    let config = FrameConfig {
        size: [16, 12],
        flip: 0.0,
        ..FrameConfig::default()
    };
    let picture = speckled(40, 30);
    let mut frame = vec![0.0; config.volume()];
    for seed in 0..20 {
        let train = TrainTransform::new(&config).unwrap();
        train
            .apply(&picture, &mut uniforms(seed), &mut frame)
            .unwrap();
        let crop = random_crop_box(40, 30, [0.08, 1.0], config.crop_ratio, &mut uniforms(seed));
        let cut = crop_resize(&picture, crop, config.size).unwrap();
        let mut expected = vec![0.0; config.volume()];
        EvalTransform::new(&config)
            .unwrap()
            .apply(&cut, &mut expected)
            .unwrap();
        assert_eq!(frame, expected);
    }
}

#[test]
fn a_picture_of_the_right_size_passes_unchanged() {
    let picture = speckled(17, 9);
    assert_eq!(resize(&picture, [9, 17]).unwrap(), picture);
}

#[test]
fn settings_survive_toml_with_the_crop_on_and_off() {
    for config in [FrameConfig::default(), FrameConfig::grey([28, 28])] {
        let written = toml::to_string(&config).unwrap();
        assert_eq!(
            toml::from_str::<FrameConfig>(&written).unwrap(),
            config,
            "{written}"
        );
    }
    assert_eq!(
        toml::from_str::<FrameConfig>("").unwrap(),
        FrameConfig::default()
    );
    assert_eq!(
        toml::from_str::<FrameConfig>("crop_scale = false")
            .unwrap()
            .crop_scale,
        None
    );
    assert!(toml::from_str::<FrameConfig>("crop_scale = true").is_err());
    assert!(toml::from_str::<FrameConfig>("sise = [1, 2]").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_crop_box_lies_inside_the_picture_whatever_is_drawn(
        width in 1usize..700,
        height in 1usize..700,
        low in 0.001f32..1.0,
        span in 0.0f32..1.0,
        narrow in 0.01f32..10.0,
        stretch in 1.0f32..20.0,
        draws in prop::collection::vec(prop_oneof![0.0..1.0, Just(0.0), Just(1.0), Just(f64::NAN), Just(-3.0), Just(1e300)], 1..30),
    ) {
        let mut draws = draws.into_iter().cycle();
        let scale = [low, low + span * (1.0 - low)];
        let ratio = [narrow, narrow * stretch];
        let CropBox { left, top, width: w, height: h } =
            random_crop_box(width, height, scale, ratio, &mut || draws.next().unwrap_or(0.5));
        prop_assert!(w >= 1 && h >= 1);
        prop_assert!(left + w <= width && top + h <= height);
    }

    #[test]
    fn pixels_outside_the_crop_do_not_matter(
        left in 0usize..20, top in 0usize..15, width in 1usize..20, height in 1usize..15,
        rows in 1usize..30, columns in 1usize..30,
    ) {
        let crop = CropBox { left, top, width, height };
        let picture = speckled(40, 30);
        let mut blanked = picture.clone();
        for (i, value) in blanked.rgb.iter_mut().enumerate() {
            let (x, y) = (i / 3 % 40, i / 120);
            let inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
            if !inside { *value = 255 - *value; }
        }
        let size = [rows, columns];
        prop_assert_eq!(crop_resize(&picture, crop, size).unwrap(), crop_resize(&blanked, crop, size).unwrap());
    }
}
