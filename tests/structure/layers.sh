#!/bin/sh
# A folder may include only folders before it in its chain, and nothing includes upward or in a circle.
#   layers.sh ROOT
set -eu
cd "$1"
front="stdlib/abi stdlib/embed compiler/base grammar compiler/ast compiler/parse compiler/format compiler/config compiler/check
  compiler/plan compiler/image compiler/pipeline compiler/native"
compiler="$front compiler/lower compiler/jit compiler/codegen" # these with LLVM
runtime="stdlib/abi stdlib/embed compiler/base stdlib/intrinsics runtime/host runtime/resctrl_sim runtime/dataframe runtime/trace runtime/libcurl runtime/engines runtime/collectors
  runtime/actuators runtime/policy runtime/exporters runtime/loop runtime/analysis runtime/driver"

bad=0
checked=0
for file in $(find stdlib compiler grammar runtime -name '*.cpp' -o -name '*.h' | sort); do
  folder=$(dirname "$file")
  case $folder in
    runtime/driver) allowed="$front $runtime" ;; # the command line sees all but LLVM
    runtime/* | stdlib/intrinsics) allowed=$runtime ;;
    *) allowed=$compiler ;;
  esac
  before=""
  for layer in $allowed; do
    before="$before $layer"
    [ "$layer" != "$folder" ] || break
  done
  case " $(echo $before) " in
    *" $folder "*) ;;
    *) echo "$file: its folder is in no layer"; bad=1 ;;
  esac
  for include in $(sed -n 's/^ *# *include "\([^"]*\)\/[^"/]*".*/\1/p' "$file"); do
    checked=$((checked + 1))
    case " $(echo $before) " in
      *" $include "*) ;;
      *) echo "$file: may not include $include"; bad=1 ;;
    esac
  done
done
[ "$checked" -gt 100 ] || { echo "only $checked includes were found; is $1 the project's root?"; exit 1; }
exit $bad
