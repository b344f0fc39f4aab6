import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import type { Failure } from '../../../ipc/contract/common-schemas.ts'
import type { LogFilter, LogLine, LogPage } from '../../../ipc/contract/log-schemas.ts'
import type { NodeClient } from '../../connection/clients.ts'
import { useConnectionSnapshot, useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import type { LogBuffer } from './log-buffer.ts'
import { emptyBuffer, followed, needsReload, paused, startWith, withEarlier, withGap, withTail } from './log-buffer.ts'

/** Rows of a page: enough to scroll through, and well within what a node sends at once. */
const pageRows = 300
/** Level, rate and subsystems are told with a page only. */
const factsRefetchMs = 3_000
const tailRetryMs = 2_000

export type LogFacts = Pick<LogPage, 'subsystems' | 'level' | 'rate'>

type Change =
  | { readonly kind: 'page'; readonly page: LogPage }
  | { readonly kind: 'earlier'; readonly page: LogPage }
  | { readonly kind: 'tail'; readonly lines: readonly LogLine[] }
  | { readonly kind: 'gap'; readonly dropped: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'follow' }
  | { readonly kind: 'clear' }

function reduce(buffer: LogBuffer, change: Change): LogBuffer {
  switch (change.kind) {
    case 'page':
      return startWith(buffer, change.page)
    case 'earlier':
      return withEarlier(buffer, change.page)
    case 'tail':
      return withTail(buffer, change.lines)
    case 'gap':
      return withGap(buffer, change.dropped)
    case 'pause':
      return paused(buffer)
    case 'follow':
      return followed(buffer)
    case 'clear':
      return emptyBuffer
  }
}

export interface Log {
  readonly buffer: LogBuffer
  readonly facts: LogFacts | undefined
  /** The first page has not come yet. */
  readonly loading: boolean
  readonly failure: Failure | undefined
  readonly tailFailure: Failure | undefined
  readonly earlier: { readonly loading: boolean; readonly failure: Failure | undefined }
  readonly loadEarlier: () => void
  readonly pause: () => void
  readonly follow: () => void
  readonly reload: () => void
}

/** The log of the node by a filter: its newest lines, those that come, and earlier ones on demand. */
export function useLog(filter: LogFilter): Log {
  const { client, live } = useNode()
  const { visible } = useConnectionSnapshot()
  const [buffer, dispatch] = useReducer(reduce, emptyBuffer)
  const on = live && visible
  // A new run of the node has a new client, and its lines count from one again.
  const wanted = JSON.stringify(filter)
  const newest = useNewest(client, wanted, on, dispatch)
  const tailFailure = useTail(client, wanted, on, dispatch)
  const { earlier, loadEarlier } = useEarlier(client, wanted, buffer, dispatch)
  const facts = useFacts(client, on) ?? newest.facts
  const { reload, loading, failure } = newest
  const behind = needsReload(buffer)
  useEffect(() => {
    if (behind) reload()
  }, [behind, reload])
  const pause = useCallback(() => dispatch({ kind: 'pause' }), [])
  const follow = useCallback(() => dispatch({ kind: 'follow' }), [])
  return { buffer, facts, loading, failure, tailFailure, earlier, loadEarlier, pause, follow, reload }
}

type Dispatch = (change: Change) => void

function parseFilter(text: string): LogFilter {
  return JSON.parse(text)
}

interface NewestState {
  readonly loading: boolean
  readonly failure: Failure | undefined
  readonly facts: LogFacts | undefined
}

/** The newest page; anew for another filter, another run of the node, a window that was hidden, and when it is asked for. */
function useNewest(
  client: NodeClient,
  wanted: string,
  on: boolean,
  dispatch: Dispatch,
): NewestState & { readonly reload: () => void } {
  const [state, setState] = useState<NewestState>({ loading: true, failure: undefined, facts: undefined })
  const load = useCallback(
    (signal: AbortSignal): void => {
      client.logs
        .page({ filter: parseFilter(wanted), limit: pageRows }, { signal })
        .then((page) => {
          if (signal.aborted) return
          dispatch({ kind: 'page', page })
          setState({ loading: false, failure: undefined, facts: page })
        })
        .catch((error: unknown) => {
          if (!signal.aborted) setState((before) => ({ ...before, loading: false, failure: failureOf(error) }))
        })
    },
    [client, wanted, dispatch],
  )
  const shown = useRef<typeof load>(undefined)
  const running = useRef<AbortController>(undefined)
  useEffect(() => {
    if (!on) return
    const abort = new AbortController()
    running.current = abort
    if (shown.current !== load) {
      dispatch({ kind: 'clear' })
      setState((before) => ({ ...before, loading: true, failure: undefined }))
    }
    shown.current = load
    load(abort.signal)
    return () => abort.abort()
  }, [load, on, dispatch])
  const reload = useCallback(() => load(running.current?.signal ?? new AbortController().signal), [load])
  return { ...state, reload }
}

function useTail(client: NodeClient, wanted: string, on: boolean, dispatch: Dispatch): Failure | undefined {
  const [failure, setFailure] = useState<Failure>()
  useEffect(() => {
    if (!on) return
    const abort = new AbortController()
    void readTail(client, parseFilter(wanted), abort.signal, dispatch, setFailure)
    return () => abort.abort()
  }, [client, wanted, on, dispatch])
  return failure
}

async function readTail(
  client: NodeClient,
  filter: LogFilter,
  signal: AbortSignal,
  dispatch: Dispatch,
  report: (failure: Failure | undefined) => void,
): Promise<void> {
  for (let interrupted = false; !signal.aborted; interrupted = true) {
    try {
      const stream = await client.logs.tail({ filter }, { signal })
      report(undefined)
      // Lines between two streams were missed, how many is not known.
      if (interrupted) dispatch({ kind: 'gap', dropped: 1 })
      for await (const event of stream) {
        if (signal.aborted) return
        dispatch(event.kind === 'lines' ? { kind: 'tail', lines: event.lines } : { kind: 'gap', dropped: event.dropped })
      }
    } catch (error) {
      if (!signal.aborted) report(failureOf(error))
    }
    await pauseFor(tailRetryMs, signal)
  }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}

interface EarlierState {
  readonly loading: boolean
  readonly failure: Failure | undefined
}

const idle: EarlierState = { loading: false, failure: undefined }

function useEarlier(client: NodeClient, wanted: string, { lines, more }: LogBuffer, dispatch: Dispatch) {
  const [earlier, setEarlier] = useState(idle)
  const before = lines[0]?.sequence
  const running = useRef<AbortController>(undefined)
  // An answer to another filter or of another run would put foreign lines in front.
  const scope = useRef<readonly [NodeClient, string]>([client, wanted])
  useEffect(() => {
    if (scope.current[0] === client && scope.current[1] === wanted) return
    scope.current = [client, wanted]
    running.current?.abort()
    running.current = undefined
    setEarlier(idle)
  }, [client, wanted])
  const loadEarlier = useCallback(() => {
    if (before === undefined || !more || running.current !== undefined) return
    const abort = new AbortController()
    running.current = abort
    setEarlier({ loading: true, failure: undefined })
    client.logs
      .page({ filter: parseFilter(wanted), before, limit: pageRows }, { signal: abort.signal })
      .then((page) => {
        if (abort.signal.aborted) return
        dispatch({ kind: 'earlier', page })
        setEarlier(idle)
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setEarlier({ loading: false, failure: failureOf(error) })
      })
      .finally(() => {
        if (running.current === abort) running.current = undefined
      })
  }, [client, wanted, before, more, dispatch])
  return { earlier, loadEarlier }
}

/** Asks for one line now and then, because only a page tells the level that is in force and the rate. */
function useFacts(client: NodeClient, on: boolean): LogFacts | undefined {
  const [facts, setFacts] = useState<LogFacts>()
  useEffect(() => {
    if (!on) return
    const abort = new AbortController()
    const timer = setInterval(() => {
      client.logs
        .page({ filter: {}, limit: 1 }, { signal: abort.signal })
        .then(setFacts)
        // The next look finds out; a node that went away is told of elsewhere.
        .catch(() => undefined)
    }, factsRefetchMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [client, on])
  return facts
}
