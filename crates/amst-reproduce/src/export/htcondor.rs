//! A submit file for HTCondor, and the file of arguments that it names.

use super::path_text::text_of;
use super::plan_export::PlanExport;
use crate::ReproduceError;

const MIB: u64 = 1 << 20;

/// The submit file. The arguments of each run are written beside.
pub(super) fn text(plan: &PlanExport) -> Result<String, ReproduceError> {
    let Some(first) = plan.runs.first() else {
        return Ok(String::new());
    };
    let Some(program) = first.command.first() else {
        return Ok(String::new());
    };
    let mut arguments = String::new();
    for run in &plan.runs {
        let words: Vec<String> = run
            .command
            .iter()
            .skip(1)
            .map(|word| quoted(word))
            .collect();
        arguments += &(words.join(" ") + "\n");
    }
    let arguments = text_of(&plan.write("htcondor.arguments", &arguments)?)?;
    let folder = text_of(&plan.folder)?;
    let memory = plan.runs.iter().map(|run| run.memory).max().unwrap_or(0);
    let environment: Vec<String> = first
        .environment
        .iter()
        .map(|(name, value)| quoted(&format!("{name}={value}")))
        .collect();
    let gpu = if plan.on_gpus {
        "request_gpus = 1\n"
    } else {
        ""
    };
    Ok(format!(
        "\
# {runs} runs of {name}, the longest first. On a folder that all machines share.
universe = vanilla
executable = {program}
transfer_executable = False
should_transfer_files = NO
environment = \"{environment}\"
arguments = \"$(run_arguments)\"
initialdir = {folder}
log = htcondor.log
output = $(Cluster).$(Process).out
error = $(Cluster).$(Process).err
request_cpus = 1
request_memory = {memory}
{gpu}\
# Asked to leave, a run saves itself and exits with 75: it is started again and goes on.
kill_sig = SIGUSR1
checkpoint_exit_code = 75
want_graceful_removal = True
# Codes 2 to 5 would come again: recipe, data, divergence, foreign state.
max_retries = 2
retry_until = (ExitCode >= 2) && (ExitCode <= 5)
queue run_arguments from {arguments}
",
        runs = plan.runs.len(),
        name = plan.name,
        program = macro_free(program),
        environment = environment.join(" "),
        folder = macro_free(&folder),
        memory = memory.div_ceil(MIB).max(1),
        arguments = macro_free(&arguments),
    ))
}

/// A word within the double quotes of `arguments` or `environment`: single quotes hold it together,
/// and quotes in it are doubled.
fn quoted(word: &str) -> String {
    let word = macro_free(word).replace('"', "\"\"");
    if !word.is_empty() && !word.contains([' ', '\t', '\'']) {
        return word;
    }
    format!("'{}'", word.replace('\'', "''"))
}

/// Without the sign that would begin a macro.
fn macro_free(text: &str) -> String {
    text.replace('$', "$(DOLLAR)")
}
