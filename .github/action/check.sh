#!/usr/bin/env bash
# Runs `timelint check` with what the action was given, and keeps its exit code for later steps.
set -euo pipefail

arguments=()
add() {
    [ -z "$2" ] || arguments+=("$1" "$2")
}
# One a line, so that blanks need no quotes; nothing is ever evaluated.
lines() {
    while IFS= read -r line || [ -n "$line" ]; do
        [ -z "$line" ] || arguments+=("$line")
    done <<< "$1"
}

add --config "$TIMELINT_CONFIG_FILE"
add --min-confidence "$TIMELINT_MIN_CONFIDENCE"
add --fail-on "$TIMELINT_FAIL_ON"
add --sarif-category "$TIMELINT_CATEGORY"
# The annotations' format also writes the step's summary.
arguments+=(--format full --format "sarif=$TIMELINT_SARIF" --format "json=$TIMELINT_SARIF.json")
arguments+=(--format "github=$TIMELINT_SARIF.annotations")
lines "$TIMELINT_ARGS"
arguments+=(--)
lines "$TIMELINT_PATHS"

cd "$TIMELINT_DIRECTORY"
rm -f -- "$TIMELINT_SARIF" "$TIMELINT_SARIF.json" "$TIMELINT_SARIF.annotations"
code=0
timelint check "${arguments[@]}" || code=$?

echo "exit-code=$code" >> "$GITHUB_OUTPUT"
if [ "$TIMELINT_ANNOTATIONS" = true ] && [ -f "$TIMELINT_SARIF.annotations" ]; then
    cat -- "$TIMELINT_SARIF.annotations"
fi
if [ -f "$TIMELINT_SARIF" ]; then
    echo "sarif-file=$TIMELINT_DIRECTORY/$TIMELINT_SARIF" >> "$GITHUB_OUTPUT"
    # The first one is the summary's.
    findings=$(sed -n 's/^ *"findings": \([0-9]*\),$/\1/p' "$TIMELINT_SARIF.json" | head -n 1)
    echo "findings=$findings" >> "$GITHUB_OUTPUT"
fi
