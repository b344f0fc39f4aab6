import type { KeyPage, ScanPage } from '../../../ipc/contract/key-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { compareBytes } from '../../core/base/bytes.ts'
import { decodeText, encodeText } from '../../core/base/text.ts'
import type { CallContext } from '../../engine/call-context.ts'
import type { KeyValueService, ListPage } from '../../engine/kv/key-value-service.ts'
import { keyRow, placeOf, placeText, rowBytes } from './kv-text.ts'

/** Keys that a search reads at once. */
const scanStepKeys = 1000

export interface PageQuery {
  readonly prefix: string
  readonly delimiter: string
  readonly after?: string | undefined
  readonly limit: number
}

/** One page of at most `limit` rows and `pageBytesMax` bytes; a single row always fits. */
export async function listKeys(keyValues: KeyValueService, asked: PageQuery, call: CallContext): Promise<KeyPage> {
  const { prefix, delimiter, after } = asked
  const query = {
    prefix,
    delimiter,
    bytesMax: wireLimits.pageBytesMax,
    ...(after !== undefined && { pageToken: placeOf(after) }),
  }
  let { limit } = asked
  for (;;) {
    const page = await keyValues.list('', { ...query, limit }, call)
    const rows = page.items.length + page.commonPrefixes.length + (page.damage?.unreadable.length ?? 0)
    const bytes = pageBytes(page)
    if (bytes <= wireLimits.pageBytesMax || rows <= 1) {
      const items = page.items.map(({ metadata }) => keyRow(metadata))
      const complete = page.nextPageToken === undefined
      const next = page.nextPageToken === undefined ? {} : { next: placeText(page.nextPageToken) }
      return { items, prefixes: [...page.commonPrefixes], complete, ...next, ...damageOf(page) }
    }
    // Only the store can say where a shorter page ends.
    limit = Math.max(1, Math.min(rows - 1, Math.floor((rows * wireLimits.pageBytesMax) / bytes)))
  }
}

function damageOf({ damage }: ListPage): Pick<KeyPage, 'damage'> {
  return damage === undefined ? {} : { damage: { unreadable: [...damage.unreadable], incomplete: damage.incomplete } }
}

function pageBytes({ items, commonPrefixes, damage }: ListPage): number {
  let bytes = 0
  for (const key of damage?.unreadable ?? []) bytes += Buffer.byteLength(key)
  for (const { metadata } of items) bytes += rowBytes(metadata)
  for (const prefix of commonPrefixes) bytes += Buffer.byteLength(prefix)
  return bytes
}

export interface ScanQuery {
  readonly prefix: string
  readonly contains: string
  readonly after?: string | undefined
}

/** One step of a search: looks at `scanKeysMax` keys at most and ends early when its page is full. */
export async function scanKeys(keyValues: KeyValueService, asked: ScanQuery, call: CallContext): Promise<ScanPage> {
  const wanted = asked.contains.toLowerCase()
  const items: KeyPage['items'] = []
  let place = asked.after === undefined ? '' : scanPlaceOf(asked.after)
  let bytes = 0
  let scanned = 0
  let damage: ScanPage['damage']
  const answer = (complete: boolean): ScanPage => ({
    ...{ items, scanned, complete },
    ...(!complete && { next: placeText(encodeText(place)) }),
    ...(damage && { damage }),
  })
  while (scanned < wireLimits.scanKeysMax) {
    const query = { prefix: asked.prefix, limit: scanStepKeys, ...(place !== '' && { startAfter: place }) }
    const page = await keyValues.list('', query, call)
    for (const { metadata } of page.items) {
      if (metadata.key.toLowerCase().includes(wanted)) {
        const more = rowBytes(metadata)
        const isFull = items.length >= wireLimits.pageRowsMax || bytes + more > wireLimits.pageBytesMax
        if (isFull) return answer(false)
        items.push(keyRow(metadata))
        bytes += more
      }
      place = metadata.key
      scanned++
    }
    damage = bothDamages(damage, page)
    place = behindUnreadable(place, page)
    scanned += page.damage?.unreadable.length ?? 0
    if (page.nextPageToken === undefined) return answer(true)
  }
  return answer(false)
}

function bothDamages(before: ScanPage['damage'], { damage }: ListPage): ScanPage['damage'] {
  if (damage === undefined) return before
  const unreadable = (before?.unreadable ?? 0) + damage.unreadable.length
  return { unreadable, incomplete: damage.incomplete || before?.incomplete === true }
}

/** A page may hold nothing but what cannot be read: the next one begins behind that. */
function behindUnreadable(place: string, { damage }: ListPage): string {
  const last = damage?.unreadable.at(-1)
  if (last === undefined || compareBytes(encodeText(last), encodeText(place)) <= 0) return place
  return last
}

function scanPlaceOf(after: string): string {
  const place = decodeText(placeOf(after))
  if (place === undefined || place === '')
    throw new CodedError('invalid-argument', 'after is not the next of a page of this search')
  return place
}
