# What bash does at TAB: LINE, split into the arguments where BREAKS say. The script is read twice, as by a shell
# that is set up anew.
ballast() { "$NODE" "$MAIN" "$@"; }
source <(ballast completion bash)
source <(ballast completion bash)
[[ $(complete -p ballast) =~ \ -F\ ([^ ]+) ]] || exit 3
ours=${BASH_REMATCH[1]}
COMP_WORDBREAKS=$BREAKS COMP_LINE=$LINE COMP_POINT=${#LINE} COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"$ours" ballast
printf '%s\n' "${COMPREPLY[@]}"
