import type { TFunction } from 'i18next'
import type { JsonProblem } from './json-syntax.ts'

/** `line 3, column 7: something else was expected here` */
export function jsonProblemText({ reason, line, column }: JsonProblem, t: TFunction<'keys'>): string {
  return t('jsonPlace', { line, column, reason: t(`json_${reason}`) })
}
