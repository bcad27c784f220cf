# offers.bash SCRIPT WORD...: what bash offers for the last word, a line each. Words are as bash splits them: `--mode = act`.
source "$1"
shift
complete -p cbench | grep -q -- '-F _cbench ' || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_cbench
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
