#compdef small
# zsh completion for small: `small completion zsh`

# _small_offer WORDS [ENDING...]: WORDS, and files with one of the endings. The ending `*` is that of any file;
# `/` offers folders only.
_small_offer() {
  local -a offers
  [[ -z $1 ]] || offers+=("words:word:($1)")
  shift
  case $1 in
  '') ;;
  /) offers+=('folders:folder:_files -/') ;;
  '*') offers+=('files:file:_files') ;;
  *) offers+=("files:file:_files -g \"*(${(j:|:)@})(-.)\"") ;;
  esac
  _alternative $offers
}

_small() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands
  _arguments -C \
    '(-h --help)-h[Print this help message and exit]' \
    '(-h --help)--help[Print this help message and exit]' \
    '(-q --quiet)-q[say nothing \[at all\]]' \
    '(-q --quiet)--quiet[say nothing \[at all\]]' \
    '1: :->command' \
    '*:: :->rest'
  case $state in
  command)
    commands=(
      'eat:Eat: it'\''s for the hungry'
      'look:Look into things'
    )
    _describe -t commands command commands
    ;;
  rest)
    case $words[1] in
    eat) _small_eat ;;
    look) _small_look ;;
    esac
    ;;
  esac
}

_small_eat() {
  _arguments \
    '(-h --help)-h[Print this help message and exit]' \
    '(-h --help)--help[Print this help message and exit]' \
    '(-m --mode)-m+[how]:fast|slow: _small_offer "fast slow"' \
    '(-m --mode)--mode=[how]:fast|slow: _small_offer "fast slow"' \
    '*--with=[a spice: name=value]:NAME=VALUE: ' \
    '(-o --output)-o+[the rest goes there]:FILE: _small_offer "" "*"' \
    '(-o --output)--output=[the rest goes there]:FILE: _small_offer "" "*"' \
    '(--in)--in=[where]:DIR: _small_offer "" /' \
    '(-q --quiet)-q[say nothing \[at all\]]' \
    '(-q --quiet)--quiet[say nothing \[at all\]]' \
    '1:BENCH: _small_offer "" .yml .yaml'
}

_small_look() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands
  _arguments -C \
    '(-h --help)-h[Print this help message and exit]' \
    '(-h --help)--help[Print this help message and exit]' \
    '(-q --quiet)-q[say nothing \[at all\]]' \
    '(-q --quiet)--quiet[say nothing \[at all\]]' \
    '1: :->command' \
    '*:: :->rest'
  case $state in
  command)
    commands=(
      'in:Inside'
      'out:Outside'
    )
    _describe -t commands command commands
    ;;
  rest)
    case $words[1] in
    in) _small_look_in ;;
    out) _small_look_out ;;
    esac
    ;;
  esac
}

_small_look_in() {
  _arguments \
    '(-h --help)-h[Print this help message and exit]' \
    '(-h --help)--help[Print this help message and exit]' \
    '(-q --quiet)-q[say nothing \[at all\]]' \
    '(-q --quiet)--quiet[say nothing \[at all\]]' \
    '*:FILES: _small_offer "" .cbp'
}

_small_look_out() {
  _arguments \
    '(-h --help)-h[Print this help message and exit]' \
    '(-h --help)--help[Print this help message and exit]' \
    '(-q --quiet)-q[say nothing \[at all\]]' \
    '(-q --quiet)--quiet[say nothing \[at all\]]'
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _small "$@"
else
  compdef _small small
fi
