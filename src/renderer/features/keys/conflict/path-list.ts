import type { TFunction } from 'i18next'
import { shortText } from '../visible-key.ts'

const namedMax = 4

/** `state, lines[0].qty and 3 more`. */
export function pathList(paths: readonly string[], t: TFunction<'keys'>): string {
  const named = paths.slice(0, namedMax).map((path) => shortText(path, 40))
  const more = paths.length - named.length
  return more > 0 ? t('pathsMore', { paths: named.join(', '), count: more }) : named.join(', ')
}
