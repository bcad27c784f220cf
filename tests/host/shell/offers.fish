# offers.fish SCRIPT LINE: what fish offers at the end of a line, a line each.
source $argv[1]
complete -C $argv[2] | string replace -r '\t.*' ''
true # string replace fails where there was nothing to replace
