import { settingFlag, settingOfFlag } from '../../../shared/setting-flag.ts'
import { sentenceOf } from '../../text/sentence-of.ts'

/**
 * What the node says of a setting, for a form: the checks are those of the command line, which calls settings by their flags. The row's own
 * flag at the beginning goes, since the label stands before it; another one becomes what the form calls it.
 */
export function problemText(name: string, message: string, labelOf: (name: string) => string | undefined): string {
  const own = settingFlag(name)
  const rest =
    message.startsWith(`${own}: `) || message.startsWith(`${own} `) ? message.slice(own.length).replace(/^:? /, '') : message
  return rest.replace(/--[a-z]+(?:-[a-z]+)*/g, (flag) => {
    const setting = settingOfFlag(flag)
    const label = labelOf(setting)
    return label === undefined ? flag : `${label} (${setting})`
  })
}

/** A sentence for each, with no label before it: flags become what the form calls them. */
export function reasonsText(
  problems: readonly { readonly message: string }[],
  labelOf: (name: string) => string | undefined,
): string {
  return problems.map(({ message }) => sentenceOf(problemText('', message, labelOf))).join(' ')
}
