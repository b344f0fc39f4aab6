import type { TFunction } from 'i18next'
import { shortText } from '../visible-key.ts'

const namedMax = 4

/** `state, lines[0].qty and 3 more`; of a text that is another one without a change of its values, how it is written. */
export function pathList(paths: readonly string[], t: TFunction<'keys'>): string {
  if (paths.length === 0) return t('pathsNone')
  const named = paths.slice(0, namedMax).map((path) => shortText(path, 40))
  const more = paths.length - named.length
  return more > 0 ? t('pathsMore', { paths: named.join(', '), count: more }) : named.join(', ')
}
