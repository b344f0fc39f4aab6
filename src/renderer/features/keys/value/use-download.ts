import { useCallback, useEffect, useRef, useState } from 'react'
import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { useNode } from '../../../connection/connection-provider.tsx'
import { failureOf } from '../../../connection/failure.ts'
import { saveBlob } from '../../../download/save-file.ts'
import { useMemory } from '../use-memory.ts'
import { downloadValue, fileNameOf } from './download-value.ts'

export interface Download {
  readonly doneBytes: number | undefined
  readonly failure: Failure | undefined
  readonly start: () => void
  readonly cancel: () => void
}

export function useDownload(metadata: KeyMetadata): Download {
  const { client } = useNode()
  const { delimiter } = useMemory()
  const [doneBytes, setDoneBytes] = useState<number>()
  const [failure, setFailure] = useState<Failure>()
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const start = useCallback(() => {
    const abort = new AbortController()
    running.current?.abort()
    running.current = abort
    setDoneBytes(0)
    setFailure(undefined)
    downloadValue(client, metadata, setDoneBytes, abort.signal)
      .then((blob) => saveBlob(fileNameOf(metadata.key, delimiter), blob))
      .catch((error: unknown) => abort.signal.aborted || setFailure(failureOf(error)))
      .finally(() => running.current === abort && setDoneBytes(undefined))
  }, [client, metadata, delimiter])
  const cancel = useCallback(() => {
    running.current?.abort()
    setDoneBytes(undefined)
  }, [])
  return { doneBytes, failure, start, cancel }
}
