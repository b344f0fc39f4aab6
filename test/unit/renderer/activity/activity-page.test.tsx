import { implement } from '@orpc/server'
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../../../src/ipc/contract/job-schemas.ts'
import type { LogFilter, LogLine } from '../../../../src/ipc/contract/log-schemas.ts'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

const serve = implement(nodeContract)

const listHeight = 480

// The environment lays nothing out; the list is to have a height in which rows are in sight.
beforeAll(() => {
  Object.defineProperty(HTMLDivElement.prototype, 'clientHeight', { configurable: true, get: () => listHeight })
  Object.defineProperty(HTMLDivElement.prototype, 'clientWidth', { configurable: true, get: () => 800 })
  Object.defineProperty(HTMLDivElement.prototype, 'scrollHeight', {
    configurable: true,
    get(this: HTMLDivElement) {
      const inner = this.firstElementChild
      return (inner instanceof HTMLElement && Number.parseInt(inner.style.height, 10)) || listHeight
    },
  })
})

afterAll(() => {
  Reflect.deleteProperty(HTMLDivElement.prototype, 'clientHeight')
  Reflect.deleteProperty(HTMLDivElement.prototype, 'clientWidth')
  Reflect.deleteProperty(HTMLDivElement.prototype, 'scrollHeight')
})

function line(sequence: number, change: Partial<LogLine> = {}): LogLine {
  return { sequence, timeMs: Date.now(), level: 'info', subsystem: 'kv', message: `line ${sequence}`, facts: '', ...change }
}

interface Played {
  readonly lines: LogLine[]
  readonly asked: { readonly filter: LogFilter; readonly before: number | undefined }[]
  readonly tell: (event: { kind: 'lines'; lines: LogLine[] } | { kind: 'gap'; dropped: number }) => void
  readonly level: () => string
  /** Pages are read from here on. */
  readonly heal: () => void
}

/** A log that a test plays: pages of 300 from `lines`, and a tail of what is told. */
function playedLog(
  lines: LogLine[],
  rate = { perSecond: 1, guarded: false },
  { fails } = { fails: false },
): [AlteredConnection, Played] {
  let failing = fails
  const asked: Played['asked'] = []
  const told: Parameters<Played['tell']>[0][] = []
  let wake = Promise.withResolvers<void>()
  let level: 'debug' | 'info' | 'warn' | 'error' = 'info'
  const connection = new AlteredConnection((router) => ({
    ...router,
    logs: {
      page: serve.logs.page.handler(({ input: { filter, before, limit } }) => {
        if (failing) throw new Error('the store is away')
        if (limit > 1) asked.push({ filter, before })
        const found = lines.filter(
          ({ sequence, message }) => sequence < (before ?? Number.POSITIVE_INFINITY) && message.includes(filter.text ?? ''),
        )
        return { lines: found.slice(-limit), more: found.length > limit, subsystems: ['grpc', 'kv'], level, rate }
      }),
      tail: serve.logs.tail.handler(async function* ({ signal }) {
        signal?.addEventListener('abort', () => wake.resolve())
        while (!signal?.aborted) {
          for (let event = told.shift(); event !== undefined; event = told.shift()) yield event
          await wake.promise
          wake = Promise.withResolvers()
        }
      }),
      setLevel: serve.logs.setLevel.handler(({ input }) => {
        level = input.level
        return null
      }),
    },
  }))
  const tell: Played['tell'] = (event) => {
    told.push(event)
    wake.resolve()
  }
  const heal = (): void => {
    failing = false
  }
  return [connection, { lines, asked, tell, level: () => level, heal }]
}

function many(from: number, to: number): LogLine[] {
  return Array.from({ length: to - from + 1 }, (_, index) => line(from + index))
}

describe('the log', () => {
  it('shows what is kept and what comes', async () => {
    const [connection, log] = playedLog([
      line(1),
      line(2, { level: 'error', message: 'a call failed', facts: '{"code":"queue-full"}' }),
    ])
    using _app = await renderApp({ path: '/activity', connection })
    expect(await screen.findByRole('row', { name: /error kv a call failed code=queue-full/ })).toBeVisible()
    expect(screen.getByText('This is the first line that the node keeps')).toBeVisible()
    expect(screen.getByText('loaded 2 lines · all that match')).toBeVisible()
    log.tell({ kind: 'lines', lines: [line(3, { message: 'just now' })] })
    expect(await screen.findByRole('row', { name: /just now/ })).toBeVisible()
  })

  it('pauses while a line is set out, counts what comes, and goes on when asked', async () => {
    const [connection, log] = playedLog([line(1, { facts: '{"segment":18}' })])
    using _app = await renderApp({ path: '/activity', connection })
    await userEvent.click(await screen.findByRole('row', { name: /line 1/ }))
    const detail = within(screen.getByRole('region', { name: 'Facts' }))
    expect(detail.getByText('segment')).toBeVisible()
    expect(detail.getByText('18')).toBeVisible()
    log.tell({ kind: 'lines', lines: many(2, 13) })
    await userEvent.click(await screen.findByRole('button', { name: '12 new lines' }))
    expect(screen.getByRole('button', { name: 'Pause' })).toBeVisible()
  })

  it('goes through the lines by keyboard', async () => {
    const [connection] = playedLog(many(1, 3))
    using _app = await renderApp({ path: '/activity', connection })
    await screen.findByRole('row', { name: /line 3/ })
    screen.getByRole('grid').focus()
    await userEvent.keyboard('{ArrowUp}')
    expect(screen.getByRole('row', { name: /line 3/ })).toHaveAttribute('aria-selected', 'true')
    await userEvent.keyboard('k')
    expect(screen.getByRole('row', { name: /line 2/ })).toHaveAttribute('aria-selected', 'true')
    await userEvent.keyboard('{Escape}')
    expect(screen.queryByRole('region', { name: 'Facts' })).toBeNull()
  })

  it('reads earlier lines when the person scrolls to the first', async () => {
    const [connection, log] = playedLog(many(1, 700))
    using _app = await renderApp({ path: '/activity', connection })
    const grid = await screen.findByRole('grid')
    await screen.findByText('loaded 300 lines · earlier ones on scrolling up')
    await waitFor(() => expect(grid.scrollTop).toBe(301 * 24 - listHeight))
    grid.scrollTop = 0
    fireEvent.scroll(grid)
    await screen.findByText('loaded 600 lines · earlier ones on scrolling up')
    expect(log.asked.map(({ before }) => before)).toEqual([undefined, 401])
    // What was in sight is where it was, 300 rows further down.
    expect(grid.scrollTop).toBe(300 * 24)
  })

  it('asks the node for a text once typing pauses, and tells an empty result from an empty log', async () => {
    const [connection, log] = playedLog(many(1, 5))
    using _app = await renderApp({ path: '/activity', connection })
    await screen.findByRole('row', { name: /line 5/ })
    await userEvent.type(screen.getByRole('textbox', { name: 'Search text' }), 'line 4')
    await waitFor(() => expect(screen.queryByRole('row', { name: /line 5/ })).toBeNull())
    expect(await screen.findByText('line 4', { selector: 'mark' })).toBeVisible()
    await userEvent.type(screen.getByRole('textbox', { name: 'Search text' }), 'zzz')
    expect(await screen.findByText('No kept line matches')).toBeVisible()
    expect(log.asked.map(({ filter }) => filter.text)).toEqual([undefined, 'line 4', 'line 4zzz'])
    await userEvent.click(screen.getByRole('button', { name: 'Clear the filter' }))
    expect(await screen.findByRole('row', { name: /line 5/ })).toBeVisible()
  })

  it('claims to hold the first line of all only where no filter is set', async () => {
    const [connection] = playedLog([line(1, { message: 'one' }), line(2, { message: 'two' })])
    using _app = await renderApp({ path: '/activity', connection })
    expect(await screen.findByText('This is the first line that the node keeps')).toBeVisible()
    await userEvent.type(screen.getByRole('textbox', { name: 'Search text' }), 'two')
    expect(await screen.findByText('The node keeps no earlier line that matches')).toBeVisible()
    expect(screen.queryByText('This is the first line that the node keeps')).toBeNull()
  })

  it('claims nothing of lines that could not be read, and shows those that come', async () => {
    const [connection, log] = playedLog([line(1)], { perSecond: 1, guarded: false }, { fails: true })
    using _app = await renderApp({ path: '/activity', connection })
    expect(await screen.findByText('The log could not be read')).toBeVisible()
    expect(screen.getByText('loaded 0 lines')).toBeVisible()
    log.tell({ kind: 'lines', lines: [line(7)] })
    expect(await screen.findByText('line 7')).toBeVisible()
    expect(screen.getByText(/^Lines are missing here, because the log could not be read: /)).toBeVisible()
    expect(screen.getByText('loaded 1 line')).toBeVisible()
    expect(screen.queryByText('This is the first line that the node keeps')).toBeNull()
    log.heal()
    await userEvent.click(screen.getByRole('button', { name: 'Read again' }))
    expect(await screen.findByText('line 1')).toBeVisible()
    expect(screen.getByText('loaded 2 lines · all that match')).toBeVisible()
    expect(screen.queryByText(/^Lines are missing here/)).toBeNull()
  })

  it('reads the newest lines anew after a gap', async () => {
    const [connection, log] = playedLog([line(1)])
    using _app = await renderApp({ path: '/activity', connection })
    await screen.findByRole('row', { name: /line 1/ })
    log.lines.push(...many(2, 4))
    log.tell({ kind: 'gap', dropped: 3 })
    expect(await screen.findByRole('row', { name: /line 4/ })).toBeVisible()
  })

  it('says that the guard raised the level, and sets the level of the node', async () => {
    const [connection, log] = playedLog([line(1)], { perSecond: 812, guarded: true })
    using _app = await renderApp({ path: '/activity', connection })
    expect(await screen.findByText(/^The log is too fast \(812 lines\/s\): the node raised its level to “info”/)).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Node logs: info' }))
    await userEvent.click(await screen.findByRole('menuitem', { name: 'warn' }))
    expect(await screen.findByRole('button', { name: 'Node logs: warn' })).toBeVisible()
    expect(log.level()).toBe('warn')
  })

  it('has texts of the catalogue only', async () => {
    const [connection] = playedLog([line(1)])
    using _app = await renderApp({ path: '/activity', connection, catalogue: pseudoCatalogue })
    await userEvent.click(await screen.findByText('line 1'))
    expect(untranslated(document.querySelector('main') as HTMLElement)).toEqual([])
  })
})

function job(change: Partial<Job>): Job {
  return {
    id: 'j1',
    kind: 'import',
    prefix: 'photos/',
    state: 'running',
    startedMs: Date.now() - 60_000,
    itemsDone: 0,
    bytesDone: 0,
    skipped: 0,
    failed: 0,
    failures: [],
    ...change,
  }
}

function withJobs(jobs: Job[]) {
  return new AlteredConnection((router, world) => ({
    ...router,
    jobs: {
      ...router.jobs,
      list: serve.jobs.list.handler(() => jobs),
      dismiss: serve.jobs.dismiss.handler(({ input }) => {
        jobs.splice(
          jobs.findIndex(({ id }) => id === input.id),
          1,
        )
        world.events.tell('clients')
        return null
      }),
    },
    events: {
      watch: serve.events.watch.handler(async function* ({ signal }) {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        yield* []
      }),
    },
  }))
}

describe('while the node does not answer', () => {
  const stands = (connection: AlteredConnection) =>
    act(() => connection.update({ link: { state: 'silent', sinceMs: Date.now() } }))
  const answers = (connection: AlteredConnection) => act(() => connection.update({ link: { state: 'open' } }))

  it('says so of a log that was never read, and reads it once it answers', async () => {
    const [connection] = playedLog([line(1)])
    using app = await renderApp({ path: '/overview', connection })
    await screen.findByRole('heading', { name: 'Overview' })
    stands(connection)
    await act(() => app.router.navigate({ to: '/activity' }))
    expect(await screen.findByText('The log has not been read yet')).toBeVisible()
    expect(screen.getByText('The node does not answer at the moment')).toBeVisible()
    expect(screen.queryByText(/loaded 0 lines/)).toBeNull()
    answers(connection)
    expect(await screen.findByRole('row', { name: /line 1/ })).toBeVisible()
    stands(connection)
    expect(await screen.findByText('loaded 1 line · stale: the node does not answer')).toBeVisible()
  })

  it('says so of jobs that were never read', async () => {
    const connection = new AlteredConnection((router) => ({
      ...router,
      jobs: { ...router.jobs, list: serve.jobs.list.handler(() => new Promise<never>(() => {})) },
    }))
    using _app = await renderApp({ path: '/activity?tab=jobs', connection })
    await screen.findByRole('tab', { name: 'Jobs' })
    stands(connection)
    expect(await screen.findByText('The jobs have not been read yet')).toBeVisible()
  })
})

describe('the jobs', () => {
  it('say what a job did, what failed in it and why, and go when they are dismissed', async () => {
    const failures = [{ item: 'photos/a.jpg', reason: 'the value is too large' }]
    const jobs = [
      job({ id: 'old', prefix: 'old/', state: 'done', endedMs: Date.now() - 9_000, itemsDone: 3, failed: 2, failures }),
      job({ itemsTotal: 10, itemsDone: 4, bytesTotal: 2_400_000_000, bytesDone: 1_900_000_000 }),
    ]
    using _app = await renderApp({ path: '/activity?tab=jobs', connection: withJobs(jobs) })
    const articles = await screen.findAllByRole('article')
    expect(articles.map((each) => each.getAttribute('aria-label'))).toEqual(['Import into photos/', 'Import into old/'])
    expect(screen.getByText(/^1 key · 2 left out · /)).toBeVisible()
    expect(screen.getByText(/1\.9 GB of 2\.4 GB · 4 of 10 keys/)).toBeVisible()
    expect(screen.getByRole('tab', { name: 'Jobs · 1' })).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Show the 2 that were left out' }))
    expect(screen.getByText('the value is too large')).toBeVisible()
    expect(screen.getByText('The first 1 of 2 are named.')).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss: Import into old/' }))
    await waitFor(() => expect(screen.getAllByRole('article')).toHaveLength(1))
  })

  it('claim no bytes for an import that stored nothing', async () => {
    const ended = { state: 'done', endedMs: Date.now() - 9_000, bytesDone: 23 } as const
    const jobs = [
      job({ ...ended, id: 'none', itemsDone: 4, skipped: 4 }),
      job({ ...ended, id: 'some', prefix: 'some/', itemsDone: 4, skipped: 3 }),
    ]
    using _app = await renderApp({ path: '/activity?tab=jobs', connection: withJobs(jobs) })
    expect(await screen.findByText(/^0 keys · 4 left as they were · /)).toBeVisible()
    expect(screen.getByText(/^1 key · 23 B · 3 left as they were · /)).toBeVisible()
  })

  it('word why one of them failed as a sentence, however the node begins it', async () => {
    const failed = job({
      state: 'failed',
      endedMs: Date.now(),
      error: 'the index of the node is damaged: some keys may be missing',
    })
    using _app = await renderApp({ path: '/activity?tab=jobs', connection: withJobs([failed]) })
    expect(await screen.findByText('The index of the node is damaged: some keys may be missing.')).toBeVisible()
  })

  it('say what would be here where there are none', async () => {
    using app = await renderApp({ path: '/activity?tab=jobs', connection: withJobs([]) })
    expect(await screen.findByText('No jobs')).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Open keys' }))
    await waitFor(() => expect(app.router.state.location.pathname).toBe('/keys'))
  })
})
