/** An open comparison keeps up with the key: what is shown as theirs is the last version, and no button acts on one that was not seen. */

import { useEffect, useRef } from 'react'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { useNode } from '../../../connection/connection-provider.tsx'
import { failureOf } from '../../../connection/failure.ts'
import type { Draft, Theirs } from '../edit/draft.ts'
import { withTheirs } from '../edit/draft.ts'
import { keysLimits } from '../keys-limits.ts'
import { changeDraft, setDraft } from '../tabs-store.ts'
import { textOf } from '../value/sniff-value.ts'
import { useWholeValue } from '../value/value-queries.ts'

/** Takes a version in once its text is there; until then its number, so that nothing is decided over the older one. */
export function useNewerTheirs(draft: Draft, theirs: Theirs, current: KeyMetadata | null): string | undefined {
  const { key, state } = draft
  const wasThere = useRef(false)
  const shown = theirs.metadata
  const newer = current !== null && shown !== undefined && BigInt(current.version) > BigInt(shown.version) ? current : undefined
  const value = useWholeValue(newer, newer !== undefined)
  const readable = newer !== undefined && newer.size <= keysLimits.wholeBytesMax
  const ready = newer !== undefined && (!readable || value.data != null || value.error !== null)
  const saving = state === 'saving'
  useEffect(() => {
    // A save that is on its way hears of the newer version by itself.
    if (saving || !ready) return
    const stored = value.data == null ? undefined : textOf(value.data, true)
    changeDraft(key, (now) => withTheirs(now, { metadata: newer, ...(stored !== undefined && { stored }) }))
  }, [key, saving, ready, newer, value.data])
  const shows = shown !== undefined
  useEffect(() => {
    if (current !== null) wasThere.current = true
    // A key that comes again is heard of a moment later: only one that was there goes.
    else if (wasThere.current && shows && !saving) changeDraft(key, (now) => withTheirs(now, {}))
  }, [key, current, shows, saving])
  return newer?.version
}

/** Gives my text up for the version that is shown; where there is another by then, that is shown first. */
export function useKeepTheirs(draft: Draft, version: string): () => void {
  const { client } = useNode()
  const { key } = draft
  return () => {
    client.kv.stat({ key }).then(
      (metadata) => {
        if (metadata?.version === version) setDraft(key, undefined)
        else changeDraft(key, (now) => withTheirs(now, metadata === null ? {} : { metadata }))
      },
      (error: unknown) => changeDraft(key, (now) => ({ ...now, failure: failureOf(error) })),
    )
  }
}
