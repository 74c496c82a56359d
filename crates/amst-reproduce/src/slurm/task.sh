# A task of an array: trains the run of one line of runs.sh, and requeues itself where the run was
# saved because its time is up or the node is wanted. The argument is the first run of the array,
# counted from 0.
set -u
task=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}
state=$folder/tasks/$task
rm -f "$state.exit"

# SIGUSR1 comes to this script alone, before the time is up: it is passed on, once.
# SIGTERM comes to `amst` too, which a second one would end without saving: it is not passed on.
signals=0 asked=0 ended=0 pid='' told=''
pass_on() {
    if [ -n "$pid" ] && [ "$told" != "$pid" ]; then
        told=$pid
        kill -USR1 "$pid" 2>/dev/null
    fi
}
trap 'signals=$((signals + 1)) asked=1; pass_on' USR1
trap 'signals=$((signals + 1)) ended=1' TERM

# Ends with a code that `--status` reads.
finish() {
    echo "$1" > "$state.exit"
    exit "$1"
}

words=$(sed -n "$(($1 + SLURM_ARRAY_TASK_ID + 1))p" "$folder/runs.sh")
if [ -z "$words" ]; then
    echo "$folder/runs.sh has no run for task $task: submit again" >&2
    finish 3
fi
eval "set -- $words"
run=$1
shift

export RAYON_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}" OMP_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"
export OMP_WAIT_POLICY=passive

# The name of the newest checkpoint: epoch and step.
newest_checkpoint() {
    newest=
    for checkpoint in "$run"/checkpoints/[0-9]*-[0-9]*; do
        [ ! -d "$checkpoint" ] || newest=${checkpoint##*/}
    done
}

# Runs a command to its end, whatever signals come meanwhile, and leaves its exit code in `code`.
follow() {
    "$@" &
    pid=$!
    [ "$asked" -eq 0 ] || pass_on
    code=127
    while :; do
        before=$signals
        wait "$pid"
        waited=$?
        # 127: its exit code was told before.
        [ "$waited" -eq 127 ] && [ "$code" -ne 127 ] || code=$waited
        # A signal ends `wait`, not the command.
        [ "$signals" -ne "$before" ] || break
    done
    pid=''
}

newest_checkpoint
began=$newest
code=75
held=0 # seconds for which another process held the run
pause=5
while [ "$signals" -eq 0 ]; do
    follow "$@"
    # 7: another process trains this run, or did so until a moment ago on a machine that is gone.
    # Its lease expires after 5 minutes. That process may also end in a moment, so the first
    # pauses are short.
    [ "$code" -eq 7 ] && [ "$held" -lt 420 ] || break
    [ "$signals" -ne 0 ] || follow sleep "$pause"
    held=$((held + pause))
    pause=$((pause < 30 ? 2 * pause : 60))
    code=75
done

# 6: the lease was lost. 75 and 143: saved after SIGUSR1 and SIGTERM. Others above 128: killed.
[ "$code" -eq 6 ] || [ "$code" -eq 75 ] || [ "$code" -gt 128 ] || finish "$code"

# SLURM sends SIGTERM for many reasons and writes into the log for which. Only two of them leave it
# to the task to come back: one that was cancelled must not, and others are requeued without it.
if [ "$ended" -eq 1 ]; then
    reason=$(grep 'CANCELLED AT' "$folder/logs/$task.log" | tail -n 1)
    case $reason in
        *'DUE TO PREEMPTION'* | *'DUE TO TIME LIMIT'*) ;;
        *) finish "$code" ;;
    esac
fi

# Starts in a row that saved nothing new.
newest_checkpoint
stalled=0
if [ "$newest" = "$began" ]; then
    [ ! -f "$state.stalled" ] || read -r stalled < "$state.stalled"
    stalled=$((stalled + 1))
fi
echo "$stalled" > "$state.stalled" || finish "$code"
if [ "$stalled" -ge 3 ]; then
    echo "not requeued: 3 starts in a row saved nothing new; give the tasks more --time" >&2
    finish "$code"
fi
[ ! -e "$folder/cancelled" ] || finish "$code"

# The last act, since it ends this script. This task alone: the id without the index is the array.
echo "$code" > "$state.exit"
for pause in 5 20 60 0; do
    answer=$(scontrol requeue "$task" 2>&1) && exit "$code"
    case $answer in
        *pending*) exit "$code" ;; # SLURM did it already.
    esac
    echo "scontrol requeue $task: $answer" >&2
    sleep "$pause"
done
exit "$code"
