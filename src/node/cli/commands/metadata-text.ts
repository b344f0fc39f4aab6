import { toHex } from '../../core/base/bytes.ts'
import type { JsonValue } from '../cli-output.ts'
import type { KeyMetadata } from '../client/key-value-client.ts'

/** Versions and revisions are texts, because a revision has 63 bits and JSON readers keep 53. */
export function metadataJson(metadata: KeyMetadata) {
  return {
    key: metadata.key,
    version: String(metadata.version),
    revision: String(metadata.revision),
    size: Number(metadata.size),
    contentType: metadata.contentType,
    modified: new Date(Number(metadata.modifiedAtMs)).toISOString(),
    writer: toHex(metadata.writer),
    address: toHex(metadata.address),
    chunks: metadata.chunks,
  } satisfies JsonValue
}

/** `age`: as of `ageJson`. */
export function metadataText(metadata: KeyMetadata, { ageMs }: { readonly ageMs?: number | null } = {}): string {
  const facts = metadataJson(metadata)
  return [
    `key       ${facts.key}`,
    `version   ${facts.version}`,
    `revision  ${facts.revision}`,
    `size      ${facts.size}`,
    `type      ${facts.contentType === '' ? '-' : facts.contentType}`,
    `modified  ${facts.modified}`,
    `writer    ${facts.writer}`,
    `block     ${facts.address}${facts.chunks === 0 ? '' : ` (${facts.chunks} chunks)`}`,
    ...(ageMs === undefined ? [] : [`age       ${ageText(ageMs)}`]),
  ].join('\n')
}

export function ageText(ageMs: number | null): string {
  if (ageMs === null) return 'unknown: this was current once'
  return ageMs === 0 ? 'none: this is current' : `at most ${ageMs} ms`
}
