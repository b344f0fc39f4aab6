import type { AnyProcedure } from '@orpc/server'
import { implement, ORPCError } from '@orpc/server'
import type { ProcedureMeta } from '../../../ipc/contract/node-contract.ts'
import { nodeContract } from '../../../ipc/contract/node-contract.ts'
import { isStream } from '../../../ipc/wire/translated-stream.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { CallContext } from '../../engine/call-context.ts'
import type { ControlObserver } from '../../observe/control-observer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { failureOf } from './control-failure.ts'

/** What every procedure of the control face shares; one for a node, given to each connection. */
export interface ControlContext {
  readonly clock: Clock
  readonly random: Random
  readonly observer: ControlObserver
  /** Changes by the screens are refused. Asked at every change: the setting may be switched while the node runs. */
  readonly isReadOnly: () => boolean
  /** Deadline of a call; a stream has one only until it has begun. */
  readonly callTimeoutMs: number
}

const contracted = implement(nodeContract).$context<ControlContext>()

/** Maps whatever a call throws to the one declared error, and tells the observer how the call ended. */
const failures = contracted.middleware(async ({ context, errors, path, procedure, next }) => {
  const name = path.join('.')
  const startedMs = context.clock.monotonicMs()
  const declared = (error: unknown): unknown => {
    if (error instanceof ORPCError && error.code === 'FAILED') return error
    const changes = metaOf(procedure).mutates
    const report = (unexpected: unknown): string => {
      const correlationId = toHex(context.random.bytes(8))
      context.observer.controlCallFailed({ procedure: name, correlationId, error: unexpected })
      return correlationId
    }
    const data = failureOf(error, { changes, report })
    return errors.FAILED({ message: data.message, data })
  }
  const ended = (code: string): void => {
    context.observer.controlCallEnded({ procedure: name, code, durationMs: context.clock.monotonicMs() - startedMs })
  }
  try {
    const result = await next()
    ended('ok')
    return isStream(result.output) ? { ...result, output: withDeclaredErrors(result.output, declared) } : result
  } catch (error) {
    const failure = declared(error)
    ended(failure instanceof ORPCError ? String((failure.data as { code?: unknown } | undefined)?.code) : 'internal')
    throw failure
  }
})

/** Gives the handler a signal that ends with its caller or its deadline, for a reason that engines know. */
const scope = contracted.middleware(async ({ context, signal, next }) => {
  const controller = new AbortController()
  const cancelled = (): void => controller.abort(new CodedError('cancelled', 'the caller cancelled'))
  if (signal?.aborted === true) cancelled()
  else signal?.addEventListener('abort', cancelled, { once: true })
  using _deadline = context.clock.after(context.callTimeoutMs, () => {
    controller.abort(new CodedError('deadline-exceeded', `no answer for ${context.callTimeoutMs} ms`))
  })
  const call: CallContext = { signal: controller.signal }
  return await next({ context: { call } })
})

/** Refuses every procedure that the contract marks as a change while the node is in read-only mode. */
const readOnly = contracted.middleware(async ({ context, procedure, next }) => {
  if (metaOf(procedure).mutates && context.isReadOnly()) {
    throw new CodedError('permission-denied', 'the node is in read-only mode, nothing was changed; Settings can switch it off', {
      details: { setting: 'readOnly' },
    })
  }
  return await next()
})

/** The contract with what every procedure has in common; handlers find the call's signal in `context.call`. */
export const controlBase = contracted.use(failures).use(scope).use(readOnly)

function metaOf(procedure: AnyProcedure): ProcedureMeta {
  return { mutates: procedure['~orpc'].meta.mutates !== false }
}

async function* withDeclaredErrors(
  stream: AsyncIterable<unknown>,
  declared: (error: unknown) => unknown,
): AsyncGenerator<unknown, void> {
  try {
    yield* stream
  } catch (error) {
    throw declared(error)
  }
}
