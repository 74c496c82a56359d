//! Logs in the format of the published program, with invented numbers.

/// Rows of a table: name, loss, accuracy, confidence.
pub type Rows<'a> = &'a [(&'a str, &'a str, &'a str, &'a str)];

/// Epochs of [`alternating`].
pub const EPOCHS: usize = 4;

/// Validation accuracies of [`alternating`]; equal ones in epochs 1 and 3.
pub const VALIDATION: [&str; EPOCHS] = ["0.250", "0.500", "0.375", "0.500"];

/// A table below its title.
pub fn table(title: &str, rows: Rows) -> String {
    let border = "+--------+-------+----------+-----------------+\n";
    let mut text = format!("{title} \n{border}");
    text += "| Metric |  Loss | Accuracy | Pred Confidence |\n";
    text += border;
    for (name, loss, accuracy, confidence) in rows {
        text += &format!("|   {name}    | {loss} |  {accuracy}   |      {confidence}      |\n");
    }
    text + border
}

/// The three lines of a best epoch.
pub fn best(validation: &str, test: &str, epoch: usize) -> String {
    format!("Best Val Acc: {validation}\nBest Test Acc: {test}\nBest Epoch: {epoch}\n")
}

/// What comes before the first epoch.
pub fn head(prefix: &str, arguments: &str) -> String {
    format!(
        "a line of the job system\n--------------------{prefix}--------------------\n\
         --------------------Arguments--------------------\nbatch_size: 16\ndata_path: ''\n\
         dataset: CREMAD\ndevice_list:\n- 0\n- 1\nepochs: {EPOCHS}\nlearning_rate: 0.01\n\
         lr_decay_ratio: 0.1\nlr_decay_step: 3\nprefix: {prefix}\nrandom_seed: 7\n{arguments}\n\
         --------------------End of Arguments--------------------\nVisual model initialized\n"
    )
}

/// The line that begins an epoch.
pub fn epoch_header(epoch: usize) -> String {
    format!("\n #################### Epoch:  {epoch} ####################\n")
}

/// The line that begins a part of an epoch.
pub fn part(name: &str) -> String {
    format!("-------------------- {name} --------------------\n")
}

/// The end of an epoch's summary.
pub fn times() -> &'static str {
    "Time      : 2.500\nTrain Time: 2.000\nVal Time  : 0.500\nTest Time : 0.000\n\
     Remaining Time(min): 0.100\n"
}

/// The last lines of a log.
pub fn end() -> &'static str {
    "Time INOF:\nTraining and Validation Start: 2025-01-01 10:00:00.000\n\
     Training and Validation End: 2025-01-01 10:00:10.000\n"
}

/// A log in which audio trains every second epoch. Epochs 0 and 1 were tested, and epoch 1 is the
/// best.
pub fn alternating() -> String {
    let mut log = head(
        "ABC-ALT",
        "a_skip_factor: 2\nt_skip_factor: 0\nv_skip_factor: 1",
    );
    for epoch in 0..EPOCHS {
        log += &epoch_of_alternating(epoch);
    }
    log += &(part("Final Summary") + &best("0.500", "0.625", 1));
    log += "SKIP INFO:\na skip 2 times:\n[1, 3]\nEND SKIP INFO\n";
    log + end()
}

fn epoch_of_alternating(epoch: usize) -> String {
    let outputs = "Fusion, and each modality acc:";
    let probes: Rows = &[
        ("a", "1.750", "0.125", "0.125"),
        ("v", "1.875", "0.250", "0.125"),
    ];
    let mut log = epoch_header(epoch) + &part("Training");
    if epoch % 2 == 1 {
        log += &format!("skip a at epoch {epoch}\n");
    }
    let train: Rows = &[
        ("f", "1.500", "0.375", "0.250"),
        ("a", "1.250", "0.500", "0.375"),
        ("v", "nan", "0.125", "0.250"),
    ];
    let validation: Rows = &[
        ("f", "1.625", VALIDATION[epoch], "0.250"),
        ("a", "12.500", "0.250", "0.375"),
        ("v", "1.750", "0.375", "0.500"),
    ];
    log += &(table(outputs, train) + &table("Helper acc:", probes));
    log += &(part("Validation") + &table(outputs, validation) + &table("Helper acc:", probes));
    if epoch < 2 {
        let test = ["0.125", "0.625"][epoch];
        let rows: Rows = &[
            ("f", "1.500", test, "0.250"),
            ("a", "1.500", "0.250", "0.250"),
        ];
        log += &(part("Testing") + &table(outputs, rows));
    }
    let (validation, test) = if epoch == 0 {
        ("0.250", "0.125")
    } else {
        ("0.500", "0.625")
    };
    log += &(part("Epoch Summary") + &best(validation, test, epoch.min(1)));
    log + times()
}
