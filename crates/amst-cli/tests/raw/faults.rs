//! What can go wrong while raw files are prepared.

use std::fs;

use crate::program::{Program, done, refused, said};
use crate::replica::{crema_d, has_ffmpeg, mvsa};

#[test]
fn lost_samples_stop_the_preparation_unless_they_may_be_lost() {
    let replica = mvsa::replica();
    (1..=12).for_each(|number| replica.put(&format!("data/{number}.jpg"), b"broken"));
    let program = Program::new(&[]);
    let output = program.prepare("mvsa-single", &replica, &[]);
    refused(
        &output,
        3,
        &[
            "12 of 24 visual sources cannot be used",
            "… and 2 more",
            "--max-bad 12",
            "problems.txt",
        ],
    );
    let all = fs::read_to_string(program.out().join(".store/mvsa-single/problems.txt")).unwrap();
    assert_eq!(all.lines().count(), 12, "{all}");
    (1..=11).for_each(|number| {
        replica.put(
            &format!("data/{number}.jpg"),
            crate::replica::jpeg(number, 1),
        )
    });
    let summary = done(&program.prepare("mvsa-single", &replica, &["--max-bad", "1"]));
    assert!(
        summary.contains("11 train") && summary.contains("left out (1):\n  12 (train), visual: "),
        "{summary}"
    );
    let trained = program.run(&["train", "--dataset", "mvsa-single"]);
    assert!(
        said(&trained).contains("warning: 1 samples are left out"),
        "{}",
        said(&trained)
    );
    done(&trained);
}

#[test]
fn without_ffmpeg_the_packages_are_named() {
    let replica = mvsa::replica();
    for (planned, list) in
        crema_d::planned()
            .iter()
            .zip(["80_train_cre", "10_val_cre", "10_test_cre"])
    {
        let lines: String = planned
            .iter()
            .map(|clip| format!("{}.flv {}\n", clip.id, clip.label))
            .collect();
        replica.put(&format!("splits/{list}.txt"), lines);
        for clip in planned {
            replica.put(
                &format!("AudioWAV/{}.wav", clip.id),
                crate::replica::wav(0.5, 440),
            );
            replica.put(&format!("VideoFlash/{}.flv", clip.id), b"FLV");
        }
    }
    let program = Program::new(&[]);
    let raw = replica.raw();
    let mut command = program.command(&["prepare", "crema-d", "--raw", raw.to_str().unwrap()]);
    let output = command
        .env("AMST_FFMPEG", "/no/such/folder")
        .output()
        .unwrap();
    refused(&output, 3, &["apt-get install ffmpeg", "AMST_FFMPEG"]);
}

#[test]
fn two_processes_that_prepare_the_same_set_do_so_one_after_the_other() {
    if !has_ffmpeg("two_processes_that_prepare_the_same_set_do_so_one_after_the_other") {
        return;
    }
    let replica = crema_d::replica();
    let program = Program::new(&[]);
    let raw = replica.raw();
    let arguments = ["prepare", "crema-d", "--raw", raw.to_str().unwrap()];
    let children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = program.command(&arguments);
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let outputs: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    outputs.iter().for_each(|output| drop(done(output)));
    let waited = outputs
        .iter()
        .filter(|output| said(output).contains("another process"))
        .count();
    assert!(waited <= 1, "one of them had nobody to wait for");
    let mut names: Vec<String> = fs::read_dir(program.out().join(".store/crema-d"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| {
        !name.ends_with(".sources") && !name.ends_with(".lock") && !name.ends_with(".json")
    });
    assert_eq!(
        names.len(),
        2,
        "a store of sound and one of pictures: {names:?}"
    );
}

/// The limit on the length of a file stands in for a full disk: to a program, both are a write that
/// fails.
#[cfg(unix)]
#[test]
fn a_full_disk_is_said_leaves_nothing_half_written_and_loses_nothing() {
    if !has_ffmpeg("a_full_disk_is_said_leaves_nothing_half_written_and_loses_nothing") {
        return;
    }
    let replica = crema_d::replica();
    let program = Program::new(&["audio.target_frames=1024"]);
    let raw = replica.raw();
    let command = program.command(&["prepare", "crema-d", "--raw", raw.to_str().unwrap()]);
    let mut limited = std::process::Command::new("sh");
    // Blocks of 512 bytes; the signal that would end the program is ignored, so that the write
    // fails.
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\""])
        .arg(command.get_program());
    limited
        .args(command.get_args())
        .env("AMST_DATASETS", program.descriptors());
    let output = limited.output().unwrap();
    refused(&output, 3, &["cannot write", "free some disk space"]);
    let store = program.out().join(".store/crema-d");
    let names = || -> Vec<String> {
        fs::read_dir(&store)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect()
    };
    let is_half = |name: &String| name.ends_with(".store") || name.starts_with(".making-");
    assert!(!names().iter().any(is_half), "{:?}", names());
    assert!(
        fs::metadata(store.join("audio.journal")).unwrap().len() > 0,
        "what was made is kept"
    );
    done(&program.prepare("crema-d", &replica, &[]));
    assert!(
        !names().iter().any(|name| name.ends_with(".journal")),
        "{:?}",
        names()
    );
}
