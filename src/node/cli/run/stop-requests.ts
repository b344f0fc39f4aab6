import type { NodeObserver } from '../../observe/node-observer.ts'
import { exitCodes } from '../exit-codes.ts'

/** Why a node ends, and what the process tells whoever started it. */
export interface StopReason {
  readonly kind: 'signal' | 'asked' | 'write-failed' | 'bug'
  readonly exitCode: number
}

/** Gathers everything that ends a running node; the first one decides the exit code. */
export class StopRequests implements Disposable {
  readonly first: Promise<StopReason>
  /** Resolves at the second signal: whoever sent it does not want to wait for calls in flight. */
  readonly hurry: Promise<void>
  private readonly observer: NodeObserver
  private readonly decide: (reason: StopReason) => void
  private readonly hasten: () => void
  private decided = false
  private readonly onTerminate = () => this.signalled('SIGTERM')
  private readonly onInterrupt = () => this.signalled('SIGINT')
  /** The terminal is gone, which is no reason to leave work half done. */
  private readonly onHangUp = () => this.signalled('SIGHUP')
  private readonly onException = (error: unknown) => this.bug('uncaughtException', error)
  private readonly onRejection = (error: unknown) => this.bug('unhandledRejection', error)

  constructor(observer: NodeObserver) {
    this.observer = observer
    const first = Promise.withResolvers<StopReason>()
    const hurry = Promise.withResolvers<void>()
    this.first = first.promise
    this.hurry = hurry.promise
    this.decide = first.resolve
    this.hasten = hurry.resolve
    process.on('SIGTERM', this.onTerminate)
    process.on('SIGINT', this.onInterrupt)
    process.on('SIGHUP', this.onHangUp)
    process.on('uncaughtException', this.onException)
    process.on('unhandledRejection', this.onRejection)
  }

  /** The store can no longer keep its promise: everything ends, in order. */
  writeFailed(): void {
    this.request({ kind: 'write-failed', exitCode: exitCodes.writeFailed })
  }

  /** Whoever started this process asks for an orderly end; once more: without waiting for calls in flight. */
  asked(): void {
    if (this.decided) this.hasten()
    else this.observer.stopRequested({ signal: 'shutdown' })
    this.request({ kind: 'asked', exitCode: exitCodes.ok })
  }

  [Symbol.dispose](): void {
    process.off('SIGTERM', this.onTerminate)
    process.off('SIGINT', this.onInterrupt)
    process.off('SIGHUP', this.onHangUp)
    process.off('uncaughtException', this.onException)
    process.off('unhandledRejection', this.onRejection)
  }

  private signalled(signal: string): void {
    if (this.decided) this.hasten()
    else this.observer.stopRequested({ signal })
    this.request({ kind: 'signal', exitCode: exitCodes.ok })
  }

  private bug(origin: string, error: unknown): void {
    this.observer.backgroundFailed({ origin, error })
    this.request({ kind: 'bug', exitCode: exitCodes.failure })
  }

  private request(reason: StopReason): void {
    this.decided = true
    this.decide(reason)
  }
}
