# offers.zsh FOLDER LINE: what zsh offers at the end of a line when it finds `_cbench` in FOLDER, a line each.
# An interactive zsh on a pseudo-terminal completes the line; what it adds is written to a file as well.
zmodload zsh/zpty
offered=$(mktemp -d)
cat >$offered/setup <<'END'
fpath=($folder $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
  # With one of these it computes for a function of the completion system and adds nothing.
  if [[ ${(j: :)@[1,(i)(-|--)]} == (|* )-[OAD]* ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits >>$offered/list
  builtin compadd "$@"
}
complete_and_tell() { zle list-choices; : >$offered/done }
zle -N complete_and_tell
bindkey '^T' complete_and_tell
: >$offered/ready
END
wait_for() { # wait_for FILE: for ten seconds at most
  local i
  for i in {1..1000}; do
    [[ -e $1 ]] && return
    zpty -r -t shell said 2>/dev/null
    sleep 0.01
  done
  print -u2 "zsh did not answer: $said"
  rm -rf $offered
  exit 1
}
zpty -b shell "TERM=dumb zsh -f -i"
zpty -w shell "folder=${(q)1} offered=${(q)offered}; source \$offered/setup"
wait_for $offered/ready
zpty -w -n shell "$2"$'\x14'
wait_for $offered/done
[[ ! -e $offered/list ]] || cat $offered/list
zpty -d shell
rm -rf $offered
