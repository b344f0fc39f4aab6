import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import type { NodeClient } from '../../../connection/clients.ts'
import { keysLimits } from '../keys-limits.ts'

/** Collects one version range by range; a change meanwhile ends it with an error and leaves no mixture. */
export async function downloadValue(
  client: NodeClient,
  metadata: KeyMetadata,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const { key, version, size } = metadata
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let offset = 0; offset < size; ) {
    const length = Math.min(keysLimits.downloadReadBytes, size - offset)
    const range = await client.kv.read({ key, version, offset, length }, { signal })
    if (range === null || range.bytes.length === 0) throw new Error('the value ended before its size')
    parts.push(Uint8Array.from(range.bytes))
    offset += range.bytes.length
    progress(offset)
  }
  // Nothing of a value is ever opened by its own type: SVG and HTML would run in our origin.
  return new Blob(parts, { type: 'application/octet-stream' })
}

/** The last part of a key as the name of a file, without what file systems refuse. */
export function fileNameOf(key: string, delimiter: string): string {
  const parts = delimiter === '' ? [key] : key.split(delimiter)
  const last = parts.findLast((part) => part !== '') ?? 'value'
  return (
    last
      .replaceAll(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, '_')
      .replace(/^\.+/, '_')
      .slice(0, 120) || 'value'
  )
}
