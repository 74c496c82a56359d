#!/usr/bin/env bash
# Trains the cells of Tables 1 and 2 on an embedded data set at two commits and compares every
# result.json and predictions.csv byte for byte.
#
#   bash xtask/compare-commits.sh BEFORE [AFTER] [further arguments of `reproduce`, e.g. --epochs 8]
#
# BEFORE and AFTER are commits; AFTER defaults to HEAD. Exit code 1 where a file differs or is
# missing on one side. The checkouts and runs stay in target/compare, so that a second call goes on.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"
before=$(git rev-parse --short "${1:?which commit is the one before?}")
shift
after=HEAD
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
    after=$1
    shift
fi
after=$(git rev-parse --short "$after")
folder=$PWD/target/compare
mkdir -p "$folder"

train() { # COMMIT, then arguments of reproduce
    local checkout=$folder/$1 out=$folder/$1-runs
    [ -d "$checkout" ] || git worktree add --quiet --detach "$checkout" "$1"
    shift
    for table in table1 table2; do
        (cd "$checkout" && cargo xtask reproduce "$table" --dataset world-digits --out "$out" "$@")
    done
}
train "$before" "$@"
train "$after" "$@"

equal=0
different=0
while IFS= read -r file; do
    if cmp --silent "$folder/$before-runs/runs/$file" "$folder/$after-runs/runs/$file"; then
        equal=$((equal + 1))
    else
        different=$((different + 1))
        echo "differs: $file"
    fi
done < <(for commit in "$before" "$after"; do
    (cd "$folder/$commit-runs/runs" && find . -name result.json -o -name predictions.csv)
done | sort -u)
echo "$before and $after: $equal files equal, $different different"
[ "$different" -eq 0 ] && [ "$equal" -gt 0 ]
