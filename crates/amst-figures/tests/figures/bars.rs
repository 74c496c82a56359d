//! Bars of two seeds whose numbers were worked out by hand.

use amst_figures::{BarOptions, FigureError, PageOptions, draw_class_entropy, figure4};
use roxmltree::Document;

use crate::drawing::{Axes, assert_near, assert_sound, number, of_class};
use crate::runs::{FIGURE4, two_seeds};

const CSV: &str = "\
panel,quantity,series,class,class_name,mean,low,high,n
Joint,mean entropy (nats),audio,0,,1,0.5,1.5,2
Joint,mean entropy (nats),audio,1,,0.5,0.5,0.5,2
Joint,mean entropy (nats),audio,2,,2,1.5,2.5,2
Joint,mean entropy (nats),visual,0,,0.25,0.125,0.375,2
Joint,mean entropy (nats),visual,1,,1,0.75,1.25,2
Joint,mean entropy (nats),visual,2,,0,0,0,2
";

#[test]
fn the_csv_holds_what_was_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let figure = figure4(&[panel], &BarOptions::default()).unwrap();
    assert_eq!(figure.csv, CSV);
}

#[test]
fn bars_and_ranges_are_where_the_axes_say() {
    let folder = tempfile::tempdir().unwrap();
    let panels = FIGURE4.map(|title| two_seeds(folder.path(), title));
    let svg = figure4(&panels, &BarOptions::default()).unwrap().svg;
    assert_sound(&svg);
    let document = Document::parse(&svg).unwrap();
    let panels = of_class(document.root(), "panel");
    let titles = panels.iter().map(|p| p.attribute("data-panel").unwrap());
    assert!(titles.eq(FIGURE4), "the letters that are there stay");
    for panel in panels {
        // The highest value is 2.5; at most four parts make it 3.
        let axes = Axes::of(panel, 3, 3.0);
        let bars = of_class(panel, "bar");
        assert_eq!(bars.len(), 6);
        let means = [1.0, 0.5, 2.0, 0.25, 1.0, 0.0];
        for (index, (bar, mean)) in bars.into_iter().zip(means).enumerate() {
            assert_near(number(bar, "y"), axes.y(mean));
            assert_near(number(bar, "y") + number(bar, "height"), axes.y(0.0));
            // Audio to the left of the middle of its class, visual to the right.
            let is_audio = index < 3;
            let right = number(bar, "x") + number(bar, "width");
            let inner = if is_audio { right } else { number(bar, "x") };
            assert_near(inner, axes.x((index % 3) as f64));
        }
        let ranges = of_class(panel, "range");
        assert_eq!(ranges.len(), 4, "two classes have equal numbers");
        assert_near(number(ranges[0], "y1"), axes.y(1.5));
        assert_near(number(ranges[0], "y2"), axes.y(0.5));
        assert_eq!(of_class(panel, "cap").len(), 8);
    }
}

#[test]
fn class_names_and_widths_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let panels = FIGURE4.map(|title| two_seeds(folder.path(), title));
    for names in [
        ["a", "b", "c"],
        ["a long & winding name of a class", "<b>", "ç"],
    ] {
        for width_mm in [60.0, 85.0, 178.0] {
            let options = BarOptions {
                class_names: names.map(String::from).into(),
                page: PageOptions {
                    width_mm,
                    ..PageOptions::default()
                },
                ..BarOptions::default()
            };
            let figure = draw_class_entropy(&panels, &options).unwrap();
            assert_sound(&figure.svg);
            assert_eq!(figure, draw_class_entropy(&panels, &options).unwrap());
            assert!(
                figure
                    .csv
                    .contains(&format!("audio,2,{},2,1.5,2.5,2", names[2]))
            );
        }
    }
}

#[test]
fn as_many_names_as_classes() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let options = BarOptions {
        class_names: vec!["only one".into()],
        ..BarOptions::default()
    };
    let error = figure4(&[panel], &options).unwrap_err();
    assert!(
        matches!(
            error,
            FigureError::OtherClasses {
                found: 3,
                expected: 1,
                ..
            }
        ),
        "{error}"
    );
}
