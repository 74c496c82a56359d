//! What is drawn and printed of known runs, and what keys do.

use std::path::Path;

use amst_figures::{Curves, LogArguments, Metric, Panel, PublishedLog, Split};
use amst_watch::{RunCurves, Screen, Step, WatchedRun, WatchedState, draw, once};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Five seeds of each method: finished ones, one that trains, one that was stopped, and a fault.
fn runs(methods: &[&str]) -> Vec<WatchedRun> {
    let mut runs = Vec::new();
    for (at, method) in methods.iter().enumerate() {
        for seed in 0..5 {
            let folder = format!("runs/digits/{method}/{seed}-1a2b3c4d");
            let mut run = WatchedRun::in_folder(folder);
            run.epochs = Some(20);
            match 5 * at + seed {
                0..=6 => {
                    run.state = WatchedState::Finished;
                    run.epoch = 20;
                    run.best_val_accuracy = Some(0.5 + 0.05 * seed as f64);
                    run.test_accuracy = Some(0.48 + 0.05 * seed as f64);
                }
                7 => {
                    run.state = WatchedState::Running;
                    run.epoch = 9;
                    run.best_val_accuracy = Some(0.4321);
                    run.seconds_left = Some(754.0);
                }
                8 => {
                    run.epoch = 3;
                    run.best_val_accuracy = Some(0.25);
                    run.seconds_left = Some(4000.0);
                }
                9 => {
                    let why = "the loss of `fused` is NaN in epoch 1;\nlower optim.lr".into();
                    run.state = WatchedState::Diverged { why };
                    run.epoch = 1;
                }
                _ => run.epochs = None,
            }
            runs.push(run);
        }
    }
    runs
}

fn curves(metric: Metric) -> RunCurves {
    let mut csv = String::from("epoch,val_accuracy,val_audio_accuracy,val_visual_accuracy\n");
    for epoch in 0..9 {
        let t = f64::from(epoch) / 20.0;
        csv += &format!("{epoch},{},{},{}\n", 0.1 + t * 0.8, 0.3, 0.1 + t * t);
    }
    let arguments = LogArguments {
        epochs: 20,
        ..LogArguments::default()
    };
    let log = PublishedLog::from_csv("curves.csv", &csv, arguments).unwrap();
    let panel = Panel::new("run", vec![log.run_log(Path::new("run"), &[])]).unwrap();
    match Curves::of(&panel, metric, Split::Validation, &[]) {
        Ok(curves) => RunCurves::Drawn(curves),
        Err(why) => RunCurves::Missing(why.to_string()),
    }
}

fn drawn(screen: &Screen, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, screen)).unwrap();
    let lines = terminal.backend().to_string();
    // The backend quotes each line.
    let lines = lines.lines().map(|line| line.trim_matches('"').trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

fn golden(name: &str, text: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn press(screen: &mut Screen, code: KeyCode, width: u16) -> Step {
    screen.press(KeyEvent::new(code, KeyModifiers::NONE), width)
}

#[test]
fn a_grid_and_curves_fit_in_eighty_columns_and_twenty_four_lines() {
    let mut screen = Screen::new(runs(&["amst-alt", "early-stopping"]));
    for _ in 0..2 {
        press(&mut screen, KeyCode::Right, 80);
    }
    press(&mut screen, KeyCode::Down, 80);
    screen.curves = curves(screen.metric());
    golden("grid", drawn(&screen, 80, 24));
}

#[test]
fn a_narrow_terminal_gets_a_list_that_scrolls() {
    let mut screen = Screen::new(runs(&["amst-alt", "early-stopping", "naive"]));
    for _ in 0..9 {
        press(&mut screen, KeyCode::Char('j'), 40);
    }
    let text = drawn(&screen, 40, 12);
    golden("list", text.clone());
    assert!(
        text.contains("NaN"),
        "the message of the selected run: {text}"
    );
}

#[test]
fn no_run_is_said() {
    let text = drawn(&Screen::new(Vec::new()), 80, 24);
    assert!(text.starts_with("no runs yet"), "{text}");
    assert_eq!(once(&[]), "no runs yet\n");
}

#[test]
fn one_run_is_selected_at_once() {
    let mut screen = Screen::new(runs(&["naive"]).drain(..1).collect());
    assert_eq!(screen.selected().unwrap().name, "digits/naive/0-1a2b3c4d");
    for code in [KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right] {
        assert_eq!(press(&mut screen, code, 80), Step::Same);
    }
    screen.curves = RunCurves::Missing("no epoch is done yet".into());
    let text = drawn(&screen, 80, 24);
    assert!(
        text.contains("validation accuracy (%): no epoch is done yet"),
        "{text}"
    );
}

#[test]
fn sixty_runs_scroll_to_the_selected_one() {
    let methods: Vec<String> = (0..12).map(|at| format!("method-{at:02}")).collect();
    let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
    let mut screen = Screen::new(runs(&methods));
    screen.curves = curves(screen.metric());
    for row in 1..12 {
        assert_eq!(press(&mut screen, KeyCode::Down, 80), Step::Changed);
        let text = drawn(&screen, 80, 24);
        assert!(text.contains(&format!("\nmethod-{row:02} ")), "{text}");
    }
    assert_eq!(press(&mut screen, KeyCode::Down, 80), Step::Same);
    assert_eq!(once(screen.runs()).lines().count(), 1 + 60 + 1 + 1);
}

#[test]
fn every_size_and_name_can_be_drawn() {
    let long = "very-long-name-of-a-method-".repeat(8);
    let names = [
        "naive",
        long.as_str(),
        "数字と音声の方法",
        "é\u{301}\u{1b}[31m\n\u{202e}x",
        "👩‍👩‍👧",
    ];
    for screen in [
        Screen::new(Vec::new()),
        Screen::new(runs(&names[..1])),
        Screen::new(runs(&names)),
    ] {
        for metric in Metric::ALL {
            let mut screen = screen.clone();
            screen.curves = curves(metric);
            for (width, height) in [(80, 24), (40, 12), (200, 60), (20, 4), (3, 3), (1, 1)] {
                drawn(&screen, width, height);
                for code in [KeyCode::Right, KeyCode::Down] {
                    press(&mut screen, code, width);
                }
            }
        }
    }
    let text = once(&runs(&names));
    assert!(!text.contains('\u{1b}'), "no escape codes: {text}");
}

#[test]
fn what_is_printed_once() {
    golden(
        "once",
        once(&runs(&["amst-alt", "early-stopping", "naive"])),
    );
}

#[test]
fn keys_select_change_the_metric_and_leave() {
    let mut screen = Screen::new(runs(&["a", "b"]));
    assert_eq!(press(&mut screen, KeyCode::Char('l'), 80), Step::Changed);
    assert_eq!(press(&mut screen, KeyCode::Char('j'), 80), Step::Changed);
    assert_eq!(screen.selected().unwrap().name, "digits/b/1-1a2b3c4d");
    assert_eq!(press(&mut screen, KeyCode::Char('k'), 80), Step::Changed);
    assert_eq!(press(&mut screen, KeyCode::Char('h'), 80), Step::Changed);
    assert_eq!(screen.selected().unwrap().name, "digits/a/0-1a2b3c4d");
    let mut seen = Vec::new();
    for _ in Metric::ALL {
        seen.push(screen.metric());
        assert_eq!(press(&mut screen, KeyCode::Char('m'), 80), Step::Changed);
    }
    assert_eq!(seen, Metric::ALL);
    assert_eq!(press(&mut screen, KeyCode::Char('q'), 80), Step::Leave);
    assert_eq!(press(&mut screen, KeyCode::Esc, 80), Step::Leave);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(screen.press(control_c, 80), Step::Leave);
    assert_eq!(press(&mut screen, KeyCode::Char('c'), 80), Step::Same);
}

#[test]
fn the_selected_run_stays_selected_among_other_runs() {
    let all = runs(&["a", "b"]);
    let mut screen = Screen::new(all[3..].to_vec());
    press(&mut screen, KeyCode::Down, 80);
    let selected = screen.selected().unwrap().clone();
    screen.set_runs(all.clone());
    assert_eq!(screen.selected().unwrap(), &selected);
    screen.set_runs(all[..2].to_vec());
    assert_eq!(screen.selected().unwrap().name, "digits/a/0-1a2b3c4d");
    screen.set_runs(Vec::new());
    assert_eq!(screen.selected(), None);
}
