import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChangeResult, Expectation } from '../../../../ipc/contract/key-schemas.ts'
import { useConnection, useNode } from '../../../connection/connection-provider.tsx'
import { failureOf } from '../../../connection/failure.ts'
import { keysLimits } from '../keys-limits.ts'
import { changeDraft, setDraft, useTabs } from '../tabs-store.ts'
import { textOf } from '../value/sniff-value.ts'
import { useLearnValue } from '../value/value-queries.ts'
import type { Draft, Theirs } from './draft.ts'
import { checkText, savedDraft, withTheirs } from './draft.ts'
import { intentionFor } from './request-ids.ts'

export interface SaveOptions {
  /** In place of the text in the editor: a merged one. */
  readonly text?: string
  /** In place of the version that the draft is based on. */
  readonly expect?: Expectation
  /** Although the text is no JSON. */
  readonly anyway?: boolean
  /** Ends the edit when it is saved. */
  readonly close?: boolean
}

function theirsOf(result: Extract<ChangeResult, { kind: 'conflict' }>): Theirs {
  if (result.current === undefined) return {}
  const stored = result.value === undefined ? undefined : textOf(result.value, true)
  return { metadata: result.current, ...(stored !== undefined && { stored }) }
}

/** Writes a draft, and only over the version that it is based on. What goes wrong is kept with the draft, which stays as it is. */
export function useSaveDraft(key: string): (options?: SaveOptions) => Promise<void> {
  const { client } = useNode()
  const connection = useConnection()
  const { t } = useTranslation('shell')
  const learn = useLearnValue()
  return useCallback(
    async ({ text: given, expect, anyway = false, close = false } = {}) => {
      const draft = useTabs.getState().drafts[key]
      if (draft === undefined || draft.state === 'saving') return
      if (connection.snapshot().link.state === 'silent') {
        // It would wait with no end in sight, and nobody could say what became of it.
        const failure = { code: 'not-running' as const, message: t('blockedSilent'), retryable: true, details: {} }
        setDraft(key, { ...draft, failure })
        return
      }
      const text = given ?? draft.text
      const { bytes, problem, tooLarge } = checkText(draft, text)
      if (tooLarge !== undefined || (problem !== undefined && !anyway)) {
        setDraft(key, { ...draft, problem, tooLarge, failure: undefined })
        return
      }
      const wanted: Expectation = expect ?? { kind: 'version', version: draft.baseVersion }
      const sent = intentionFor(JSON.stringify([wanted, text]), draft.sent)
      setDraft(key, { ...draft, state: 'saving', sent, failure: undefined, problem: undefined, tooLarge: undefined })
      try {
        const result = await client.kv.put({
          key,
          value: bytes,
          contentType: draft.contentType,
          expect: wanted,
          requestId: sent.id,
        })
        if (result.kind === 'conflict') {
          changeDraft(key, (now) => ({ ...withTheirs(now, theirsOf(result), given), state: 'open', sent: undefined }))
          return
        }
        learn(result.metadata, bytes)
        if (close) setDraft(key, undefined)
        else changeDraft(key, (now) => saved(now, given, text, result.metadata))
        setTimeout(
          () => changeDraft(key, (now) => (now.state === 'saved' ? { ...now, state: 'open' } : now)),
          keysLimits.savedMarkMs,
        )
      } catch (error) {
        changeDraft(key, (now) => ({ ...now, state: 'open', failure: failureOf(error) }))
      }
    },
    [client, connection, key, learn, t],
  )
}

/** A merged text takes the place of what is in the editor, unless somebody typed on meanwhile. */
function saved(now: Draft, given: string | undefined, text: string, metadata: Parameters<typeof savedDraft>[2]): Draft {
  const shown = given === undefined ? now.text : text
  return savedDraft({ ...now, text: shown }, text, metadata)
}
