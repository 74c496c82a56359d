//! One sum over many tensors tells whether all their numbers are numbers.

mod devices;

use amst_kernels::finite::Sum;
use burn::tensor::{Device, Tensor};
use devices::devices;

/// Two tensors, of which the second holds `odd` somewhere.
fn sum_with(odd: f32, device: &Device) -> f32 {
    let mut values = vec![1.0; 70_000];
    values[40_003] = odd;
    let mut sum = Sum::default();
    sum.add(Tensor::<2>::ones([3, 4], device));
    sum.add(Tensor::<1>::from_floats(values.as_slice(), device).reshape([70, 10, 100]));
    sum.read()
}

#[test]
fn one_number_that_is_none_is_found_on_every_device() {
    for (on, device) in devices() {
        assert_eq!(sum_with(1.0, &device), 70_012.0, "{on}");
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!sum_with(odd, &device).is_finite(), "{odd} on {on}");
        }
    }
}

/// An infinity of each sign are no number together, where a sum of two finite ones may be 0.
#[test]
fn infinities_of_both_signs_do_not_cancel() {
    for (on, device) in devices() {
        let mut sum = Sum::default();
        sum.add(Tensor::<1>::from_floats(
            [f32::INFINITY, f32::NEG_INFINITY],
            &device,
        ));
        assert!(!sum.read().is_finite(), "{on}");
    }
}

#[test]
fn nothing_sums_to_0() {
    assert_eq!(Sum::default().read(), 0.0);
}
