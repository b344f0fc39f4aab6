import type { TFunction } from 'i18next'
import type { ValueKind } from './sniff-value.ts'

/** `JSON`, `PNG image`, `gzip`. */
export function kindText(kind: ValueKind, t: TFunction<'keys'>): string {
  return kind.name === 'image' ? t('kind_image', { format: kind.image.toUpperCase() }) : t(`kind_${kind.name}`)
}
