//! Curves of two seeds whose numbers were worked out by hand.

use amst_figures::{
    CurveOptions, Curves, Metric, PageOptions, Panel, RunLog, Split, draw_curves, figure3,
};
use amst_recipe::Modality;
use roxmltree::Document;

use crate::drawing::{Axes, assert_near, assert_sound, number, of_class, points};
use crate::runs::{EPOCHS, FIGURE3, TWO_SEEDS, epoch_line, events, two_seeds, write};

const CSV: &str = "\
panel,quantity,series,epoch,mean,low,high,n
Joint,training accuracy (%),audio,0,60,50,70,2
Joint,training accuracy (%),audio,3,80,70,90,2
Joint,training accuracy (%),visual,0,20,10,30,2
Joint,training accuracy (%),visual,1,20,20,20,2
Joint,training accuracy (%),visual,2,40,30,50,2
Joint,training accuracy (%),visual,3,60,40,80,2
Joint,training accuracy (%),fused,0,60,60,60,2
Joint,training accuracy (%),fused,3,95,90,100,2
Joint,trained (share of runs),audio,0,1,1,1,2
Joint,trained (share of runs),audio,3,1,1,1,2
Joint,trained (share of runs),visual,0,1,1,1,2
Joint,trained (share of runs),visual,1,1,1,1,2
Joint,trained (share of runs),visual,2,1,1,1,2
Joint,trained (share of runs),visual,3,1,1,1,2
Joint,learning rate,,0,0.1,0.1,0.1,2
Joint,learning rate,,1,0.1,0.1,0.1,2
Joint,learning rate,,2,0.01,0.01,0.01,2
Joint,learning rate,,3,0.01,0.01,0.01,2
";

#[test]
fn the_csv_holds_what_was_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let figure = figure3(&[panel], &CurveOptions::default()).unwrap();
    assert_eq!(figure.csv, CSV);
}

#[test]
fn lines_bands_and_marks_are_where_the_axes_say() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let svg = figure3(&[panel], &CurveOptions::default()).unwrap().svg;
    assert_sound(&svg);
    let document = Document::parse(&svg).unwrap();
    let panels = of_class(document.root(), "panel");
    assert_eq!(panels.len(), 1);
    let axes = Axes::of(panels[0], EPOCHS, 100.0);

    let lines = of_class(panels[0], "series");
    let outputs: Vec<_> = lines
        .iter()
        .map(|line| line.attribute("data-output").unwrap())
        .collect();
    assert_eq!(
        outputs,
        ["fused", "audio", "visual"],
        "the overall line lies below the others"
    );
    let visual = points(lines[2]);
    for (epoch, mean) in [20.0, 20.0, 40.0, 60.0].into_iter().enumerate() {
        assert_near(visual[epoch].0, axes.x(epoch as f64));
        assert_near(visual[epoch].1, axes.y(mean));
    }
    let audio = points(lines[1]);
    assert_eq!(audio.len(), 2, "not measured in between");
    assert_near(audio[1].0, axes.x(3.0));
    assert_near(audio[1].1, axes.y(80.0));
    // Two of audio, two of fused; visual was measured in every epoch.
    assert_eq!(of_class(panels[0], "measured").len(), 4);

    let bands = of_class(panels[0], "band");
    assert_eq!(bands.len(), 3);
    let of_audio = points(bands[0]);
    let expected = [(0.0, 70.0), (3.0, 90.0), (3.0, 70.0), (0.0, 50.0)];
    assert_eq!(of_audio.len(), expected.len());
    for ((x, y), (epoch, value)) in of_audio.into_iter().zip(expected) {
        assert_near(x, axes.x(epoch));
        assert_near(y, axes.y(value));
    }

    let marks = of_class(panels[0], "trained");
    let of_audio: Vec<_> = marks
        .iter()
        .filter(|mark| mark.attribute("data-modality") == Some("audio"))
        .collect();
    assert_eq!((marks.len(), of_audio.len()), (6, 2));
    for (mark, epoch) in of_audio.into_iter().zip([0.0, 3.0]) {
        assert_near(
            number(*mark, "x") + number(*mark, "width") / 2.0,
            axes.x(epoch),
        );
        assert!(number(*mark, "y") > axes.y(0.0), "below the curves");
    }

    let drops = of_class(panels[0], "learning-rate-drop");
    assert_eq!(drops.len(), 1);
    assert_eq!(drops[0].attribute("data-epoch"), Some("2"));
    assert_near(number(drops[0], "x1"), axes.x(1.5));
    assert_near(number(drops[0], "x2"), axes.x(1.5));
}

#[test]
fn four_panels_stand_in_two_rows_with_the_same_axes() {
    let folder = tempfile::tempdir().unwrap();
    let panels = FIGURE3.map(|title| two_seeds(folder.path(), title));
    let svg = figure3(&panels, &CurveOptions::default()).unwrap().svg;
    assert_sound(&svg);
    let document = Document::parse(&svg).unwrap();
    let frames = of_class(document.root(), "frame");
    let places = |side| {
        frames
            .iter()
            .map(|frame| number(*frame, side))
            .collect::<Vec<_>>()
    };
    let (x, y) = (places("x"), places("y"));
    assert!(x[0] == x[2] && x[1] == x[3] && x[0] < x[1], "{x:?}");
    assert!(y[0] == y[1] && y[2] == y[3] && y[0] < y[2], "{y:?}");
    assert_eq!(
        of_class(document.root(), "x-label").len(),
        2,
        "below the lowest panels"
    );
    assert_eq!(of_class(document.root(), "y-label").len(), 1);
    let ticks = of_class(document.root(), "y-tick");
    assert_eq!(ticks.len(), 2 * 6, "0 to 100 beside the first of each row");
    let titles: Vec<_> = of_class(document.root(), "panel")
        .iter()
        .map(|p| p.attribute("data-panel").unwrap())
        .collect();
    assert_eq!(titles[3], "(d) Joint with skip");
}

#[test]
fn any_number_of_panels_metrics_and_widths_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let panels: Vec<Panel> = (0..7)
        .map(|_| two_seeds(folder.path(), "a < b & \"c\""))
        .collect();
    for number in 1..=panels.len() {
        for metric in Metric::ALL {
            for (width_mm, columns) in [(60.0, None), (85.0, Some(3)), (400.0, Some(9))] {
                let options = CurveOptions {
                    metric,
                    split: Split::Train,
                    page: PageOptions {
                        width_mm,
                        columns,
                        ..PageOptions::default()
                    },
                    ..CurveOptions::default()
                };
                let figure = draw_curves(&panels[..number], &options).unwrap();
                assert_sound(&figure.svg);
                assert_eq!(figure, draw_curves(&panels[..number], &options).unwrap());
            }
        }
    }
}

#[test]
fn the_order_of_runs_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let runs = TWO_SEEDS.map(|numbers| RunLog::read(&write(folder.path(), &numbers)).unwrap());
    let [first, second] = runs;
    let panels = [
        Panel::new("Joint", vec![first.clone(), second.clone()]).unwrap(),
        Panel::new("Joint", vec![second, first]).unwrap(),
    ];
    let [one, other] = panels.map(|panel| figure3(&[panel], &CurveOptions::default()).unwrap());
    assert_eq!(one, other);
}

#[test]
fn the_last_line_of_an_epoch_counts() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    let mut text = String::new();
    for epoch in [0, 1, 2] {
        // Trained once with the other seed's numbers, before the run was resumed.
        text += &format!("{}\n", epoch_line(&TWO_SEEDS[1], epoch));
    }
    text += &events(&TWO_SEEDS[0]);
    std::fs::write(run.join("events.jsonl"), text).unwrap();
    let panel = Panel::new("Joint", vec![RunLog::read(&run).unwrap()]).unwrap();
    let curves = Curves::of(&panel, Metric::Accuracy, Split::Train, &["visual".into()]).unwrap();
    let points: Vec<_> = curves.series[0]
        .points
        .iter()
        .map(|point| point.spread.mean)
        .collect();
    assert_eq!(points, [10.0, 20.0, 30.0, 40.0]);
    assert_eq!(curves.learning_rate_drops, [2]);
    assert_eq!(curves.trained[&Modality::Audio].len(), 2);
}

#[test]
fn an_unfinished_run_is_drawn_as_far_as_it_is_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, cut] = TWO_SEEDS.map(|numbers| write(folder.path(), &numbers));
    std::fs::remove_file(cut.join("result.json")).unwrap();
    let events = std::fs::read_to_string(cut.join("events.jsonl")).unwrap();
    // Start, epochs 0 and 1, and the beginning of epoch 2.
    let two_epochs: String = events.split_inclusive('\n').take(3).collect();
    let cut_text = format!("{two_epochs}{{\"schema\":3,\"kind\":\"epoch\",\"epoch\":2,\"ac");
    std::fs::write(cut.join("events.jsonl"), cut_text).unwrap();
    let runs = [whole, cut].map(|run| RunLog::read(&run).unwrap());
    assert_eq!(
        (runs[0].selected_epoch(), runs[1].selected_epoch()),
        (Some(3), None)
    );
    let panel = Panel::new("Joint", runs.into()).unwrap();
    let figure = figure3(&[panel], &CurveOptions::default()).unwrap();
    assert_sound(&figure.svg);
    assert!(
        figure.csv.contains("visual,1,20,20,20,2\n"),
        "{}",
        figure.csv
    );
    assert!(
        figure.csv.contains("visual,2,30,30,30,1\n"),
        "{}",
        figure.csv
    );
    let document = Document::parse(&figure.svg).unwrap();
    let notes = of_class(document.root(), "note");
    let notes: Vec<_> = notes.iter().filter_map(|note| note.text()).collect();
    assert!(
        notes
            .join(" ")
            .contains("Unfinished: Joint, seed 1, 2 of 4 epochs."),
        "{notes:?}"
    );
}

#[test]
fn what_was_not_finite_is_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    let mut line = epoch_line(&TWO_SEEDS[0], 0);
    line["train"]["visual"]["loss"] = serde_json::Value::Null;
    std::fs::write(run.join("events.jsonl"), format!("{line}\n")).unwrap();
    let panel = Panel::new("Joint", vec![RunLog::read(&run).unwrap()]).unwrap();
    let curves = Curves::of(&panel, Metric::Loss, Split::Train, &[]).unwrap();
    let outputs: Vec<_> = curves
        .series
        .iter()
        .map(|series| series.output.as_str())
        .collect();
    assert_eq!(outputs, ["audio", "fused"]);
}
