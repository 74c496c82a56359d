#!/usr/bin/env bash
# Measures one GPU in ten minutes: is it the same training, how fast beside PyTorch, how much memory.
#
#     bash gpu.sh                 # on a machine with a card, Python and its torch; no Rust needed
#     bash gpu.sh --dry-run       # on any machine: the same steps on the processor, small
#
# PYTHON names the interpreter that has torch, python3 if left out. What is measured and the table
# go to results/ beside this script, or where --out says. `cargo xtask bench gpu --prepare` makes
# the folder that this script needs around it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}
command -v "$python" >/dev/null || {
    echo "there is no $python: PYTHON=/path/to/python bash gpu.sh names another one" >&2
    exit 2
}
# The program finds LibTorch in the torch of this Python, whichever it was built with.
libtorch=$("$python" -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))' 2>/dev/null || true)
if [ -n "$libtorch" ]; then
    export LD_LIBRARY_PATH="$libtorch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
# Threads that wait in a loop would take the cores that decode pictures.
export OMP_WAIT_POLICY=passive PYTHONUNBUFFERED=1
exec "$python" "$here/measure.py" "$@"
