#!/bin/sh
# The whole training from nothing. Usage: run.sh WORK_FOLDER [extra arguments for the last training]
# Every step is resumable: a finished one leaves its file in WORK_FOLDER and is not repeated.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
model=${MODEL:-$here/..}
work=$1
shift
mkdir -p "$work"
work=$(cd "$work" && pwd)
export MALLOC_ARENA_MAX=1 OMP_WAIT_POLICY=PASSIVE TORCHINDUCTOR_CACHE_DIR="$work/inductor"
py() { (cd "$here" && "${PYTHON:-python3}" "$@"); }

# The tokenizer is part of the trained model: learn it anew (tokenizer.py) only when training from nothing with another mix.
[ -f "$model/tokenizer.json" ] || { py tokenizer.py "$model"; py shape.py "$model"; }
for seed in 1 2; do
    [ -f "$work/pool/done.$seed" ] || { py pool.py "$work/pool" "${POOL_PICTURES:-25000}" "$seed"; touch "$work/pool/done.$seed"; }
done
[ -f "$work/vision/done" ] || { py train_vision.py --out "$work/vision" --pool "$work/pool" --minutes "${VISION_MINUTES:-30}"; touch "$work/vision/done"; }
[ -f "$work/text/final.pt" ] || py train.py --out "$work/text" --minutes "${TEXT_MINUTES:-30}" --text 1 --tail 0.1
py train.py --out "$work/joint" --minutes "${JOINT_MINUTES:-80}" --workers 2 --threads 1 --text 1,1 --pictures 1,1 --pool "$work/pool" \
    --resume "$work/text/final.pt" --vision "$work/vision/vision.pt" "$@"
py export.py "$work/joint/final.pt" "$model"
py battery.py "$model"
py evaluate.py "$model"
