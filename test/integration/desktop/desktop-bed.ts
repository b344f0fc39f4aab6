import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'
import { Desktop } from '../../harness/desktop.ts'

/** A folder of the app with the data directory of its node in it. */
export class AppFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'memo-desktop-'))

  get data(): string {
    return join(this.path, 'data')
  }

  start(words: readonly string[] = ['--grpc', '127.0.0.1:0']): Desktop {
    return Desktop.start({ folder: this.path, arguments: ['--data', this.data, ...words] })
  }

  /** The app's own log, which says how the node fares. */
  log(): string {
    return readFileSync(join(this.path, 'logs/app.log'), 'utf8')
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Waits until the check gives something, and gives that. */
export async function until<Value>(what: string, check: () => Value | undefined | Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const value = await check()
    if (value !== undefined && value !== false) return value
    if (Date.now() > deadline) throw new Error(`in vain waited until ${what}`)
    await sleep(25)
  }
}

/** States of the node as the app logged them, oldest first: `running 1`, with the epoch, and `safe` in safe mode. */
export function statesOf(log: string): readonly string[] {
  const pattern = /the node \{ state: '([a-z-]+)', epoch: (\d+), safeMode: (true|false) \}/g
  return [...log.matchAll(pattern)].map(([, state, epoch, safe]) => `${state} ${epoch}${safe === 'true' ? ' safe' : ''}`)
}

export async function reached(folder: AppFolder, state: string): Promise<void> {
  await until(`the node was ${state}`, () => statesOf(safely(() => folder.log())).includes(state) || undefined)
}

function safely(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

export interface SeenOffer {
  readonly kind: string
  readonly epoch: number
  readonly ports: number
  readonly origin: string
  /** Messages that came over the port. */
  readonly answers: number
}

/** From the next load of the page on, what its window is offered. */
export async function recordOffers(page: Page): Promise<void> {
  await page.addInitScript({
    content: `(() => {
      const offers = []
      globalThis.seenOffers = offers
      addEventListener('message', ({ data, origin, ports }) => {
        const offer = { kind: String(data?.kind), epoch: Number(data?.epoch), ports: ports.length, origin, answers: 0 }
        offers.push(offer)
        ports[0]?.addEventListener('message', () => { offer.answers += 1 })
      })
    })()`,
  })
}

export function offersOf(page: Page): Promise<readonly SeenOffer[]> {
  return page.evaluate(() => (globalThis as { seenOffers?: SeenOffer[] }).seenOffers ?? [])
}

export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
