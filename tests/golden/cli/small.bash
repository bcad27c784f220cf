# bash completion for small: `small completion bash`

# _small_offer WORDS [ENDING...]: those of WORDS, and files with one of the endings, that begin as $current.
# The ending `*` is that of any file; `/` offers folders only.
_small_offer() {
  local ending
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
  shift
  [ $# -gt 0 ] || return 0
  compopt -o filenames 2>/dev/null
  for ending; do
    case $ending in
    /) ;;
    '*') mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
    *) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X "!*$ending" -- "$current") ;;
    esac
  done
  [ "$1" = '*' ] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current")
}

_small() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} path='' i
  # `--option=value` comes as three words.
  if [ "$current" = = ]; then
    current=''
  elif [ "$before" = = ]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${COMP_WORDS[i]}" in
    ' eat' | ' look' | ' look in' | ' look out') path="$path ${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case $path in
  '')
    case $current in
    -*) _small_offer '-h --help -q --quiet' ;;
    *) _small_offer 'eat look' ;;
    esac
    ;;
  ' eat')
    case $before in
    -m | --mode)
      _small_offer 'fast slow'
      return
      ;;
    --with)
      return
      ;;
    -o | --output)
      _small_offer '' '*'
      return
      ;;
    --in)
      _small_offer '' /
      return
      ;;
    esac
    case $current in
    -*) _small_offer '-h --help -m --mode --with -o --output --in -q --quiet' ;;
    *) _small_offer '' .yml .yaml ;;
    esac
    ;;
  ' look')
    case $current in
    -*) _small_offer '-h --help -q --quiet' ;;
    *) _small_offer 'in out' ;;
    esac
    ;;
  ' look in')
    case $current in
    -*) _small_offer '-h --help -q --quiet' ;;
    *) _small_offer '' .cbp ;;
    esac
    ;;
  ' look out')
    case $current in
    -*) _small_offer '-h --help -q --quiet' ;;
    esac
    ;;
  esac
}

complete -F _small small
