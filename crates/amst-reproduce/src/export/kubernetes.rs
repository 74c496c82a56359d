//! An Indexed Job for Kubernetes, and the file of commands that it reads.

use amst_files::sha256_hex;
use serde_json::{Value, json};

use super::format::FormatArgs;
use super::lines;
use super::path_text::text_of;
use super::plan_export::PlanExport;
use crate::ReproduceError;

/// How often an index is tried again for a reason that is none of `amst`'s exit codes.
const RETRIES_PER_INDEX: u32 = 3;

/// Seconds from SIGTERM until a pod is killed; a run saves itself after the step that it is in.
const GRACE_SECONDS: u32 = 300;

const CONTAINER: &str = "amst";
const VOLUME: &str = "runs";

/// The manifest, as the JSON that `kubectl apply -f` takes. It comes in JSON because that is YAML
/// too. The commands are written beside.
pub(super) fn text(plan: &PlanExport, args: &FormatArgs) -> Result<String, ReproduceError> {
    let image = needed(args.image.as_deref(), "--image IMAGE")?;
    let volume = needed(args.volume.as_ref(), "--volume CLAIM=PATH")?;
    volume.check_holds(&plan.out)?;
    if plan.runs.is_empty() {
        return Ok(String::new());
    }
    let commands = lines::text(&plan.runs)?;
    let digest: String = sha256_hex(&commands).chars().take(8).collect();
    // Under a name of its own: pods of an earlier plan go on reading theirs.
    let file = text_of(&plan.write(&format!("commands-{digest}.sh"), &commands)?)?;
    let path = text_of(&volume.path)?;
    let manifest = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": format!("amst-{}-{digest}", label(&plan.name)) },
        "spec": {
            "completionMode": "Indexed",
            "completions": plan.runs.len(),
            "parallelism": plan.jobs.unwrap_or(plan.runs.len()),
            "backoffLimitPerIndex": RETRIES_PER_INDEX,
            // Two pods of one index would train one cell.
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": { "rules": failure_rules() },
            "template": { "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": GRACE_SECONDS,
                "containers": [{
                    "name": CONTAINER,
                    "image": image,
                    "command": ["/bin/sh", "-c", SCRIPT, file],
                    "resources": resources(plan),
                    "volumeMounts": [{ "name": VOLUME, "mountPath": path }],
                }],
                "volumes": [
                    { "name": VOLUME, "persistentVolumeClaim": { "claimName": volume.claim } },
                ],
            } },
        },
    });
    Ok(format!("{manifest:#}\n"))
}

/// Replaces itself with the command of its line, so that signals reach `amst`. `$0` is the file.
const SCRIPT: &str = r#"line=$(sed -n "$((JOB_COMPLETION_INDEX + 1))p" "$0") && [ -n "$line" ] && eval "exec $line""#;

/// The first rule that fits counts.
fn failure_rules() -> Value {
    json!([
        // A node that is drained or preempted says nothing about the run.
        {
            "action": "Ignore",
            "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }],
        },
        // Saved, and to be started again.
        {
            "action": "Ignore",
            "onExitCodes": { "containerName": CONTAINER, "operator": "In", "values": [75] },
        },
        // Recipe, data, divergence, foreign state: these would come again.
        {
            "action": "FailIndex",
            "onExitCodes": { "containerName": CONTAINER, "operator": "In", "values": [2, 3, 4, 5] },
        },
    ])
}

fn resources(plan: &PlanExport) -> Value {
    let memory = plan.runs.iter().map(|run| run.memory).max().unwrap_or(0);
    let mut resources = json!({ "requests": { "cpu": "1", "memory": memory.to_string() } });
    if plan.on_gpus {
        // Of GPUs a limit is a request.
        resources["limits"] = json!({ "nvidia.com/gpu": 1 });
    }
    resources
}

fn needed<'a, T: ?Sized>(value: Option<&'a T>, option: &str) -> Result<&'a T, ReproduceError> {
    value.ok_or_else(|| {
        ReproduceError::Usage(format!(
            "`--format kubernetes` needs the image with `amst` and the volume with the folder of runs: \
             add `{option}`"
        ))
    })
}

/// Lower-case letters, digits and hyphens, as names of objects are.
fn label(name: &str) -> String {
    name.chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        })
        .collect()
}
