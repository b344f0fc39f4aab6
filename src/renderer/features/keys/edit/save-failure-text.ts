import type { TFunction } from 'i18next'
import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import { sentencesOf } from '../../../text/sentence-of.ts'

/** Of a damaged store: what is wrong and what to do, before what else follows from it. */
export function saveFailureText({ code, message, details }: Failure, t: TFunction<'keys'>): string {
  if (code !== 'data-corrupt') return t('saveFailed', { reason: message })
  // That nobody can tell whether the key is there follows from the damage, which is named behind it.
  const cause = details.hidden === 'true' ? message.slice(message.indexOf(': ') + 1).trim() : message
  return t('saveDamaged', { cause: sentencesOf(cause) })
}
