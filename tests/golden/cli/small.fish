# fish completion for small: `small completion fish`

function __small_words --description 'The command and its arguments before the cursor'
    string match -v -- '-*' (commandline -opc)[2..-1]
end
function __small_at --description 'Do the arguments name what is typed so far?'
    set -l words (__small_words)
    test "$words" = "$argv"
end
function __small_in --description 'Do the arguments name the command that is typed?'
    set -l words (__small_words)
    test "$words[1..$(count $argv)]" = "$argv"
end
function __small_files --description 'Folders, and files with one of these endings'
    set -l endings (string escape --style=regex -- $argv) /
    # The empty command has files as arguments.
    complete -C "'' "(commandline -ct) | string match -r '^[^\t]*(?:'(string join '|' $endings)')(?=\t|$)'
end

complete -c small -f
complete -c small -s q -l quiet -d 'say nothing [at all]'
complete -c small -n '__small_at' -a eat -d 'Eat: it\'s for the hungry'
complete -c small -n '__small_at' -a look -d 'Look into things'
complete -c small -n '__small_at' -s h -l help -d 'Print this help message and exit'
complete -c small -n '__small_in eat' -s h -l help -d 'Print this help message and exit'
complete -c small -n '__small_in eat' -s m -l mode -x -a 'fast slow' -d 'how'
complete -c small -n '__small_in eat' -l with -x -d 'a spice: name=value'
complete -c small -n '__small_in eat' -s o -l output -r -F -d 'the rest goes there'
complete -c small -n '__small_in eat' -l in -x -a '(__small_files)' -d 'where'
complete -c small -n '__small_in eat' -a '(__small_files .yml .yaml)'
complete -c small -n '__small_at look' -a in -d 'Inside'
complete -c small -n '__small_at look' -a out -d 'Outside'
complete -c small -n '__small_at look' -s h -l help -d 'Print this help message and exit'
complete -c small -n '__small_in look in' -s h -l help -d 'Print this help message and exit'
complete -c small -n '__small_in look in' -a '(__small_files .cbp)'
complete -c small -n '__small_in look out' -s h -l help -d 'Print this help message and exit'
