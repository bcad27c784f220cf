#!/bin/sh
# Runs one fuzz target for some seconds, from the seeds of the tree and what earlier runs have found.
#   fuzz.sh PROGRAM TESTS-FOLDER WORK-FOLDER SECONDS [SEED]
# Without a seed libFuzzer draws one.
set -eu
program=$1 tests=$2 work=$3 seconds=$4 seed=${5:-0}
name=$(basename "$program" | sed 's/^fuzz\.//')
mkdir -p "$work/$name" "$work/$name.artifacts"
seeds=""
case $name in
  parse | compile) seeds="$tests/golden/parse $tests/golden/check $tests/golden/fmt $tests/../stdlib/policies" ;;
  config) seeds="$tests/golden/config $tests/fuzz/config.seeds" ;;
  *) [ ! -d "$tests/fuzz/$name.seeds" ] || seeds="$tests/fuzz/$name.seeds" ;;
esac
exec "$program" -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 -print_final_stats=0 \
  -artifact_prefix="$work/$name.artifacts/" "$work/$name" $seeds
