//! Plans for other programs, carried out as far as one machine can, with a stand-in for `amst`.
#![cfg(unix)]

#[path = "plans/schema.rs"]
mod schema;
mod workspace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amst_reproduce::{FormatArgs, PlanExport, PlanFormat, Volume, read_jsonl, reproduce};
use serde_json::Value;
use workspace::{Workspace, each_trained_once};

fn text(plan: &PlanExport, format: PlanFormat) -> String {
    plan.text(&FormatArgs::default(), format).unwrap()
}

/// Runs a shell command in a folder that has nothing to do with the plan.
fn shell(command: &str) -> std::process::ExitStatus {
    Command::new("sh")
        .args(["-c", command])
        .current_dir("/")
        .status()
        .unwrap()
}

#[test]
fn every_line_is_a_command_that_trains_its_cell_in_any_folder() {
    let workspace = Workspace::new();
    let args = workspace.args(&["--seeds", "0,1"]);
    let jobs = workspace.jobs(&args);
    let plan = workspace.export(&args);
    for line in text(&plan, PlanFormat::Lines).lines() {
        assert!(shell(line).success(), "{line}");
    }
    assert_eq!(workspace.calls(), each_trained_once(&jobs));
    workspace.forget_calls();
    let notes = plan.notes().unwrap();
    let prepare = notes
        .lines()
        .find(|line| line.contains(" prepare "))
        .unwrap();
    assert!(shell(prepare).success(), "{prepare}");
    assert_eq!(workspace.calls(), [format!("prepare {}", jobs[0].stem())]);
}

#[test]
fn gnu_parallel_takes_the_lines() {
    let installed = Command::new("parallel")
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("GNU parallel"));
    if !installed {
        eprintln!("GNU parallel is not installed: the lines are not run through it");
        return;
    }
    let workspace = Workspace::new();
    let args = workspace.args(&["--seeds", "0,1"]);
    let jobs = workspace.jobs(&args);
    let lines = workspace.path("lines");
    std::fs::write(&lines, text(&workspace.export(&args), PlanFormat::Lines)).unwrap();
    let failing = workspace.path(&format!("code-{}", jobs[1].stem()));
    std::fs::write(&failing, "75").unwrap();
    let parallel = || {
        Command::new("parallel")
            .args(["--will-cite", "--jobs", "2", "--resume-failed", "--joblog"])
            .arg(workspace.path("joblog"))
            .stdin(std::fs::File::open(&lines).unwrap())
            .status()
            .unwrap()
    };
    assert_eq!(parallel().code(), Some(1), "the number of failures");
    assert_eq!(workspace.calls(), each_trained_once(&jobs));
    workspace.forget_calls();
    std::fs::remove_file(failing).unwrap();
    assert!(parallel().success());
    assert_eq!(
        workspace.calls(),
        each_trained_once(&jobs[1..2]),
        "only what stopped is started again"
    );
}

#[test]
fn json_lines_can_be_read_back_and_name_all_that_a_worker_needs() {
    let workspace = Workspace::new();
    let args = workspace.args(&["--seeds", "0"]);
    let jobs = workspace.jobs(&args);
    let plan = workspace.export(&args);
    let file = workspace.path("plan.jsonl");
    std::fs::write(&file, text(&plan, PlanFormat::Jsonl)).unwrap();
    let runs = read_jsonl(&file).unwrap();
    assert_eq!(runs, plan.runs);
    for (run, job) in runs.iter().zip(&jobs) {
        assert_eq!(run.cell, job.cell.id.as_str());
        assert!(run.recipe.is_file() && run.estimated_seconds > 0.0 && run.rough);
        let recipe: amst_recipe::Recipe =
            toml::from_str(&std::fs::read_to_string(&run.recipe).unwrap()).unwrap();
        assert_eq!(recipe, job.cell.recipe);
        assert!(run.run.ends_with(job.cell.run_dir()));
    }
}

#[test]
fn a_plan_of_another_version_or_with_rubbish_is_refused_by_line() {
    let workspace = Workspace::new();
    let plan = workspace.export(&workspace.args(&["--seeds", "0"]));
    let whole = text(&plan, PlanFormat::Jsonl);
    let file = workspace.path("plan.jsonl");
    let message = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let error = read_jsonl(&file).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        error.to_string()
    };
    let other = message(&whole.replacen(r#""schema":1"#, r#""schema":7"#, 1));
    assert!(other.contains("schema 7, this version reads 1"), "{other}");
    let rubbish = message(&(whole + "rubbish\n"));
    assert!(rubbish.contains("plan.jsonl:9:"), "{rubbish}");
    assert!(rubbish.contains("make the plan again"), "{rubbish}");
    std::fs::remove_file(&file).unwrap();
    assert!(
        read_jsonl(&file)
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
}

/// Keys and values of a submit file, and its last line.
fn parse_submit_file(text: &str) -> (BTreeMap<&str, &str>, &str) {
    let mut keys = BTreeMap::new();
    let mut queue = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(queue, "", "nothing stands behind `queue`: {line}");
        match line.split_once(" = ") {
            Some((key, value)) => {
                assert!(
                    keys.insert(key, value).is_none(),
                    "{key} stands there twice"
                );
            }
            None => queue = line.strip_prefix("queue ").expect(line),
        }
    }
    (keys, queue)
}

/// The words of `arguments` in double quotes, as condor_submit splits them.
fn split_arguments(line: &str) -> Vec<String> {
    let line = line.replace("$(DOLLAR)", "$").replace("\"\"", "\"");
    let (mut words, mut word, mut within) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' if within && characters.peek() == Some(&'\'') => {
                characters.next();
                word.push('\'');
            }
            '\'' => within = !within,
            ' ' if !within => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

#[test]
fn an_htcondor_submit_file_restarts_what_was_saved_and_retries_nothing_that_would_come_again() {
    let workspace = Workspace::new();
    let plan = workspace.export(&workspace.args(&["--seeds", "0,1"]));
    let text = text(&plan, PlanFormat::Htcondor);
    let (keys, queue) = parse_submit_file(&text);
    for (key, value) in [
        ("universe", "vanilla"),
        ("checkpoint_exit_code", "75"),
        ("kill_sig", "SIGUSR1"),
        ("should_transfer_files", "NO"),
        ("arguments", "\"$(run_arguments)\""),
        ("retry_until", "(ExitCode >= 2) && (ExitCode <= 5)"),
    ] {
        assert_eq!(keys.get(key), Some(&value), "{key}");
    }
    assert!(!keys.contains_key("request_gpus"));
    assert!(keys["request_memory"].parse::<u64>().unwrap() >= 1);
    let program = keys["executable"].replace("$(DOLLAR)", "$");
    assert_eq!(Path::new(&program), workspace.path("amst"));
    let environment = keys["environment"].trim_matches('"');
    let datasets = format!("AMST_DATASETS={}", workspace.path("datasets").display());
    assert_eq!(split_arguments(environment), [datasets]);
    let file = queue.strip_prefix("run_arguments from ").unwrap();
    let lines = std::fs::read_to_string(file.replace("$(DOLLAR)", "$")).unwrap();
    let lines: Vec<_> = lines.lines().map(split_arguments).collect();
    let commands: Vec<_> = plan
        .runs
        .iter()
        .map(|run| run.command[1..].to_vec())
        .collect();
    assert_eq!(lines, commands);
}

#[test]
fn a_run_on_a_gpu_asks_each_scheduler_for_one() {
    let workspace = Workspace::new();
    let plan = workspace.export(&workspace.args(&["--seeds", "0", "--device", "cuda"]));
    let submit = text(&plan, PlanFormat::Htcondor);
    assert_eq!(parse_submit_file(&submit).0["request_gpus"], "1");
    let job = kubernetes(&workspace, &plan);
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["resources"]["limits"]["nvidia.com/gpu"], 1);
}

fn kubernetes(workspace: &Workspace, plan: &PlanExport) -> Value {
    let args = FormatArgs {
        image: Some("registry.example/amst:1".into()),
        volume: Some(Volume {
            claim: "shared".into(),
            path: workspace.path(""),
        }),
        ..FormatArgs::default()
    };
    let text = plan.text(&args, PlanFormat::Kubernetes).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_kubernetes_job_has_the_fields_of_the_api_and_an_index_for_each_cell() {
    let workspace = Workspace::new();
    let args = workspace.args(&["--seeds", "0,1", "--jobs", "4"]);
    let plan = workspace.export(&args);
    let job = kubernetes(&workspace, &plan);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/job-batch-v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    assert_eq!(schema::faults(&schema, &job, "job"), Vec::<String>::new());
    let spec = &job["spec"];
    assert_eq!(
        (&spec["completions"], &spec["parallelism"]),
        (&16.into(), &4.into())
    );
    assert_eq!(spec["podReplacementPolicy"], "Failed");
    let rules = spec["podFailurePolicy"]["rules"].as_array().unwrap();
    assert_eq!(rules[0]["action"], "Ignore");
    assert_eq!(rules[0]["onPodConditions"][0]["type"], "DisruptionTarget");
    let fail = rules
        .iter()
        .find(|rule| rule["action"] == "FailIndex")
        .unwrap();
    assert_eq!(
        fail["onExitCodes"]["values"],
        serde_json::json!([2, 3, 4, 5])
    );
    assert_eq!(
        fail["onExitCodes"]["containerName"],
        spec["template"]["spec"]["containers"][0]["name"]
    );
}

/// The schema is worth something only if it refuses.
#[test]
fn the_schema_refuses_a_misspelt_field_and_a_wrong_value() {
    let workspace = Workspace::new();
    let plan = workspace.export(&workspace.args(&["--seeds", "0"]));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/job-batch-v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let mut job = kubernetes(&workspace, &plan);
    job["spec"]["completion"] = 3.into();
    job["spec"]["template"]["spec"]["restartPolicy"] = "Always".into();
    job["spec"]["parallelism"] = "4".into();
    let faults = schema::faults(&schema, &job, "job");
    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn the_container_of_an_index_runs_the_command_of_that_line() {
    let workspace = Workspace::new();
    let args = workspace.args(&["--seeds", "0"]);
    let jobs = workspace.jobs(&args);
    let job = kubernetes(&workspace, &workspace.export(&args));
    let command = &job["spec"]["template"]["spec"]["containers"][0]["command"];
    let words: Vec<&str> = command
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let index = |index: usize| {
        Command::new(words[0])
            .args(&words[1..])
            .env("JOB_COMPLETION_INDEX", index.to_string())
            .status()
            .unwrap()
    };
    assert!(index(5).success());
    assert_eq!(workspace.calls(), each_trained_once(&jobs[5..6]));
    std::fs::write(workspace.path(&format!("code-{}", jobs[2].stem())), "4").unwrap();
    assert_eq!(index(2).code(), Some(4), "the exit code is that of `amst`");
    assert_eq!(index(99).code(), Some(1), "there is no such line");
}

#[test]
fn what_a_format_cannot_do_without_is_asked_for() {
    let workspace = Workspace::new();
    let plan = workspace.export(&workspace.args(&["--seeds", "0"]));
    let refused = |args: &FormatArgs| {
        let error = plan.text(args, PlanFormat::Kubernetes).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    };
    let nothing = FormatArgs::default();
    assert!(refused(&nothing).contains("`--image IMAGE`"));
    let image = FormatArgs {
        image: Some("amst".into()),
        ..nothing
    };
    assert!(refused(&image).contains("`--volume CLAIM=PATH`"));
    let elsewhere = FormatArgs {
        volume: Some("shared=/elsewhere".parse().unwrap()),
        ..image
    };
    assert!(refused(&elsewhere).contains("`--out /elsewhere/reproduce`"));
    assert!("shared".parse::<Volume>().is_err() && "a=b".parse::<Volume>().is_err());
}

#[test]
fn nothing_is_missing_and_nothing_is_planned() {
    let workspace = Workspace::new();
    let mut plan = workspace.export(&workspace.args(&["--seeds", "0"]));
    plan.runs.clear();
    for format in [PlanFormat::Lines, PlanFormat::Jsonl, PlanFormat::Htcondor] {
        assert_eq!(text(&plan, format), "");
    }
    assert_eq!(plan.notes().unwrap(), "0 runs\n");
    assert!(
        !plan
            .folder
            .join(PathBuf::from("htcondor.arguments"))
            .exists()
    );
}

#[test]
fn options_of_a_format_are_refused_where_they_say_nothing() {
    let workspace = Workspace::new();
    let wrong: [(&[&str], &str); 5] = [
        (&["--format", "lines"], "without --plan"),
        (&["--plan", "--image", "a"], "without --format kubernetes"),
        (
            &["--plan", "--volume", "a=/a"],
            "without --format kubernetes",
        ),
        (
            &["--plan", "--json", "--format", "jsonl"],
            "leave one of them out",
        ),
        (
            &["--plan", "--format", "lines", "--device", "cuda:0,cuda:1"],
            "name one",
        ),
    ];
    for (options, why) in wrong {
        let args = workspace.args(options);
        let error = workspace.with_caller(|caller| reproduce(&args, caller).unwrap_err());
        assert!(error.to_string().contains(why), "{options:?}: {error}");
        assert_eq!(error.exit_code(), 2, "{options:?}");
    }
    assert!(!workspace.path("out").exists());
}

#[test]
fn a_bare_program_is_looked_for_where_the_plan_is_carried_out() {
    let workspace = Workspace::new();
    let plan = workspace.export(&workspace.args(&["--seeds", "0", "--amst", "amst"]));
    assert_eq!(plan.runs[0].command[0], "amst");
}
