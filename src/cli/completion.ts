// Completion for the shells.
//
// Comes in: the program. Goes out: `completion SHELL`, which prints a script, and `complete --`, which that script
// asks. On failure: a word that is not known has no completion. The library's own script for bash needs the
// package bash-completion, cannot be read twice, and runs what stands in the line: bash has one of ours.

import addTab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

const NAME = 'completion';

export function addCompletion(program: Command): void {
  const tab = addTab(program, { completionCommandName: NAME });
  const command = program.commands.find((one) => one.name() === NAME);
  command?.action((shell: string) => {
    if (shell === 'bash') process.stdout.write(BASH);
    else tab.setup(program.name(), program.name(), shell);
  });
}

const BASH = `# bash completion for ballast: source <(ballast completion bash). It needs nothing but bash.
_ballast() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() before='' word
  read -r -a words <<< "$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  local last=\${words[\${#words[@]} - 1]}
  # What follows "=" is a word of its own, unless that was configured away.
  [[ $last == -*=* && $COMP_WORDBREAKS != *=* ]] && before="\${last%%=*}="
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    [[ $word == :* ]] || COMPREPLY+=("$before$word")
  done < <(ballast complete -- "\${words[@]:1}" 2> /dev/null)
}
# Where it has no word to offer: files, as of --config.
complete -o default -F _ballast ballast
`;
