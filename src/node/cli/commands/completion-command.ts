import { Argument, Command } from 'commander'
import type { CliIo } from '../cli-io.ts'
import type { CompletionShell } from '../completion-script.ts'
import { completionScript, completionShells } from '../completion-script.ts'

/** `memo completion SHELL`: a script that teaches a shell the commands and flags. */
export function completionCommand(io: CliIo, root: () => Command): Command {
  return new Command('completion')
    .description('print a script that teaches a shell to complete commands and flags')
    .addArgument(new Argument('<SHELL>').choices(completionShells))
    .addHelpText(
      'after',
      `
Examples:
  memo completion bash > ~/.local/share/bash-completion/completions/memo
  memo completion zsh > "\${fpath[1]}/_memo"
  memo completion fish > ~/.config/fish/completions/memo.fish`,
    )
    .action((shell: CompletionShell) => {
      io.stdout.write(completionScript(shell, root()))
    })
}
