import type { Command } from 'commander'

export const completionShells = ['bash', 'zsh', 'fish'] as const
export type CompletionShell = (typeof completionShells)[number]

/** A command with everything that may follow it, gathered from the program itself. */
interface Node {
  /** Words after `memo`; empty for the program. */
  readonly words: readonly string[]
  readonly commands: readonly { readonly name: string; readonly help: string }[]
  readonly flags: readonly {
    readonly flag: string
    readonly help: string
    readonly takesValue: boolean
    readonly values: readonly string[]
  }[]
  /** What the first argument may be, where that is known. */
  readonly choices: readonly string[]
}

export function completionScript(shell: CompletionShell, program: Command): string {
  const nodes = gather(program, [])
  switch (shell) {
    case 'bash':
      return bash(nodes)
    case 'zsh':
      return zsh(nodes)
    case 'fish':
      return fish(nodes)
  }
}

function gather(command: Command, words: readonly string[]): Node[] {
  const visible = command.commands.filter((each) => each.name() !== 'help')
  const node: Node = {
    words,
    commands: visible.map((each) => ({ name: each.name(), help: plainText(each.description()) })),
    choices: command.registeredArguments[0]?.argChoices ?? [],
    flags: command.options.flatMap(({ long, description, required, argChoices = [] }) =>
      long === undefined || long === null
        ? []
        : [{ flag: long, help: plainText(description), takesValue: required, values: argChoices }],
    ),
  }
  return [node, ...visible.flatMap((each) => gather(each, [...words, each.name()]))]
}

/** Help as it may stand between single quotes in any of the shells. */
function plainText(text: string): string {
  return text.replace(/['"`\\$:[\]]/g, '').replace(/\s+/g, ' ')
}

/** Words before the cursor without flags: what decides which command is meant. */
function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ words, commands, choices, flags }) => {
    const next = [...commands.map(({ name }) => name), ...choices, ...flags.map(({ flag }) => flag), '--help'].join(' ')
    return `    '${words.join(' ')}') next='${next}' ;;`
  })
  return `# bash completion of memo
_memo() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' next='' word candidate
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    candidate="\${path:+$path }$word"
    case "$candidate" in
      ${knownPaths(nodes)}) path="$candidate" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  case "$path \${COMP_WORDS[COMP_CWORD-1]}" in
${valueCases(nodes, (values) => `next='${values.join(' ')}'`)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$next" -- "$current")
}
complete -o default -F _memo memo
`
}

function zsh(nodes: readonly Node[]): string {
  const cases = nodes.map(({ words, commands, choices, flags }) => {
    const entries = [
      ...commands.map(({ name, help }) => `'${name}:${help}'`),
      ...choices.map((each) => `'${each}'`),
      ...flags.map(({ flag, help }) => `'${flag}:${help}'`),
      `'--help:show help'`,
    ]
    return `    '${words.join(' ')}') next=(${entries.join(' ')}) ;;`
  })
  return `#compdef memo
_memo() {
  local path_='' candidate word
  local -a next
  for word in "\${(@)words[2,CURRENT-1]}"; do
    candidate="\${path_:+$path_ }$word"
    case "$candidate" in
      ${knownPaths(nodes)}) path_="$candidate" ;;
    esac
  done
  case "$path_" in
${cases.join('\n')}
  esac
  case "$path_ \${words[CURRENT-1]}" in
${valueCases(nodes, (values) => `next=(${values.map((each) => `'${each}'`).join(' ')})`)}
  esac
  _describe 'memo' next || _files
}
if [ "$funcstack[1]" = "_memo" ]; then
  _memo "$@"
else
  compdef _memo memo
fi
`
}

/** Behind a flag whose values are known only these follow. */
function valueCases(nodes: readonly Node[], statement: (values: readonly string[]) => string): string {
  const cases = nodes.flatMap(({ words, flags }) =>
    flags.flatMap(({ flag, values }) =>
      values.length === 0 ? [] : [`    '${[...words, flag].join(' ')}') ${statement(values)} ;;`],
    ),
  )
  return cases.join('\n')
}

function knownPaths(nodes: readonly Node[]): string {
  return nodes.flatMap(({ words }) => (words.length === 0 ? [] : [`'${words.join(' ')}'`])).join('|')
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ words, commands, choices, flags }) => {
    const names = commands.map(({ name }) => name)
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
    const notYet = names.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names.join(' ')}`]
    const condition = [...seen, ...notYet].join('; and ')
    const when = condition === '' ? '' : ` -n '${condition}'`
    return [
      ...commands.map(({ name, help }) => `complete -c memo${when} -f -a '${name}' -d '${help}'`),
      ...choices.map((each) => `complete -c memo${when} -f -a '${each}'`),
      ...flags.map(({ flag, help, takesValue, values }) => {
        const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takesValue ? ' -r' : ''
        return `complete -c memo${when} -l '${flag.slice(2)}'${value} -d '${help}'`
      }),
    ]
  })
  return `# fish completion of memo\n${lines.join('\n')}\n`
}
