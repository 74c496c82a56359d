//! Published curves as comma-separated values.

use amst_figures::{FigureError, LogArguments, PublishedLog, metric_rows, metrics_csv};
use amst_recipe::Modality;

use super::excerpt::alternating;

fn read(text: &str) -> PublishedLog {
    PublishedLog::from_csv("curves.csv", text, LogArguments::default()).unwrap()
}

#[test]
fn a_column_for_each_curve() {
    let text = "epoch,val_accuracy,train_audio_loss,test_alt.visual_accuracy,val_visual_entropy\n\
                0,0.25,1.5,0.125,0.5\n2, 0.75 ,,,\n";
    let mut arguments = LogArguments::default();
    arguments.skip.insert(Modality::Audio, 0);
    let log = PublishedLog::from_csv("curves.csv", text, arguments).unwrap();
    assert_eq!(log.epochs.keys().copied().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(log.epochs[&0].train["audio"].loss, Some(1.5));
    assert_eq!(log.epochs[&0].validation["visual"].entropy, Some(0.5));
    assert_eq!(log.test[&0]["alt.visual"].accuracy, Some(0.125));
    assert_eq!(log.epochs[&2].validation["fused"].accuracy, Some(0.75));
    assert!(log.epochs[&2].train.is_empty());
    assert_eq!(
        log.epochs[&0].active,
        [Modality::Visual].into(),
        "audio never trains"
    );
    assert_eq!(log.recomputed_best().unwrap().epoch, 2);
    assert_eq!(log.printed_best(), None);
    assert!(!log.was_cut);
}

#[test]
fn what_our_own_runs_are_written_as_is_the_long_form() {
    let run = PublishedLog::parse("abc.log", &alternating())
        .unwrap()
        .run_log("abc".as_ref(), &[]);
    let log = read(&metrics_csv(&metric_rows(std::slice::from_ref(&run))));
    assert_eq!(log.epochs.len(), run.epochs.len());
    for (epoch, numbers) in &log.epochs {
        assert_eq!(numbers.train, run.epochs[epoch].train);
        assert_eq!(numbers.validation, run.epochs[epoch].validation);
    }
}

#[test]
fn the_epoch_of_a_line_that_was_cut_is_left_out() {
    let wide = read("epoch,val_accuracy\n0,0.5\n1,0.7");
    assert_eq!((wide.epochs.len(), wide.was_cut), (1, true));
    let long = "split,epoch,output,metric,value\nval,0,fused,accuracy,0.5\n\
                val,1,fused,accuracy,0.5\nval,1,audio,accuracy,0.5\n";
    assert_eq!(read(long).epochs.len(), 2);
    for (cut, epochs) in [
        ("val,1,visual,accuracy,0.", 1),
        ("val,1", 1),
        ("val,2,fused", 2),
        ("v", 1),
    ] {
        let log = read(&format!("{long}{cut}"));
        assert_eq!((log.epochs.len(), log.was_cut), (epochs, true), "{cut}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (text, line, why) in [
        ("accuracy\n0.5\n", 1, "no column `epoch`"),
        ("epoch,accuracy\n0,0.5\n", 1, "neither `split_metric` nor"),
        (
            "epoch,dev_accuracy\n0,0.5\n",
            1,
            "neither `split_metric` nor",
        ),
        ("epoch,val_f1\n0,0.5\n", 1, "neither `split_metric` nor"),
        (
            "epoch,val_accuracy\n0,0.5\n1\n",
            3,
            "1 cells where 2 are expected",
        ),
        ("epoch,val_accuracy\n0,half\n", 2, "no number"),
        ("epoch,val_accuracy\n0,50\n", 2, "not in 0..1"),
        ("epoch,val_accuracy\n-1,0.5\n", 2, "no whole number"),
        ("epoch,val_accuracy\n0,0.5\n0,0.5\n", 3, "twice"),
        (
            "epoch,split,output,metric,value\n0,dev,fused,loss,1\n",
            2,
            "no split",
        ),
        (
            "epoch,split,output,metric,value\n0,val,fused,f1,1\n",
            2,
            "no such metric",
        ),
    ] {
        let error = PublishedLog::from_csv("c.csv", text, LogArguments::default()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("c.csv:{line}: ")),
            "{text}: {message}"
        );
        assert!(message.contains(why), "{text}: {message}");
    }
    for text in ["", "epoch,val_accuracy\n", "epoch,val_accuracy\n0,0.5"] {
        let error = PublishedLog::from_csv("c.csv", text, LogArguments::default()).unwrap_err();
        let is_empty = matches!(error, FigureError::NoPublishedEpoch { .. });
        assert!(is_empty || text.is_empty(), "{error}");
    }
}
