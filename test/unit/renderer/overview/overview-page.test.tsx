import { implement } from '@orpc/server'
import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import { browserHost } from '../../../../src/renderer/connection/browser-host.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

const serve = implement(nodeContract)

afterEach(() => localStorage.clear())

function failing(message: string) {
  return { data: { code: 'internal' as const, message, retryable: false, details: {}, correlationId: 'c-17' } }
}

describe('the overview', () => {
  it('answers whether data is safe, where it is, how full and how fast', async () => {
    using _app = await renderApp()
    expect(await screen.findByText(/^Healthy\. [\d,]+ blocks, and all 3 nodes answer\.$/)).toBeVisible()
    const tiles = within(screen.getByRole('region', { name: 'Figures of the node' }))
    expect(tiles.getByText('of 3 alive')).toBeVisible()
    expect(tiles.getByText('all of them answer')).toBeVisible()
    expect(tiles.getByText(/ keys · up to 3 copies$/)).toBeVisible()
    expect(tiles.getByText('38.1')).toBeVisible()
    expect(tiles.getByText('GB live of 100 GB')).toBeVisible()
    expect(within(screen.getByRole('contentinfo')).getByText('38.1 GB live of 100 GB')).toBeVisible()
    expect(tiles.getByText('41.7 GB on disk, 212 GB free · about 41 days to full at this pace')).toBeVisible()
    expect(tiles.getByText('p99 4.1 ms · read 0.4 ms, p99 1.8 ms')).toBeVisible()
    expect(tiles.getByRole('meter', { name: 'Storage in use' })).toHaveAttribute('aria-valuetext', '38.1 GB live of 100 GB')
    expect(
      await screen.findByRole('figure', { name: /^Throughput, \d+ sec at \d\d:\d\d: in .+\/s, out .+\/s$/ }),
    ).toBeInTheDocument()
    expect(screen.getByRole('figure', { name: /^Write latency, \d+ sec at \d\d:\d\d: p99 .+, p50 / })).toBeInTheDocument()
    expect(tiles.getByRole('heading', { name: 'Latency, last minute' })).toBeVisible()
    expect(screen.getByText('Nothing needs you.')).toBeVisible()
    expect(screen.getByText('No job is running.')).toBeVisible()
  })

  it('asks for another range of the charts', async () => {
    const asked: number[] = []
    const connection = new AlteredConnection((router) => ({
      ...router,
      metrics: {
        range: serve.metrics.range.handler(({ input }) => {
          asked.push(input.seconds)
          return { fromMs: 0, stepMs: 1000, series: input.series.map((name) => ({ name, values: [null, null] })) }
        }),
      },
    }))
    using _app = await renderApp({ connection })
    expect(await screen.findByText('Nothing was written in this time')).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: '24 h' }))
    await waitFor(() => expect(asked).toEqual([900, 86_400]))
  })

  it('says of a node that has just begun why nothing is drawn, and names live bytes without a limit alike', async () => {
    const connection = new AlteredConnection((router) => ({
      ...router,
      metrics: {
        range: serve.metrics.range.handler(({ input }) => ({
          fromMs: 0,
          stepMs: 1000,
          series: input.series.map((name) => ({ name, values: [null, null] })),
        })),
      },
    }))
    const status = connection.world.status()
    const storage = { ...status.storage, liveBytes: 189_000, diskBytes: 8_600_000, limitBytes: null, daysToFull: null }
    vi.spyOn(connection.world, 'status').mockReturnValue({ ...status, uptimeMs: 40_000, storage })
    using _app = await renderApp({ connection })
    expect(await screen.findByText('The node has run for 40 sec: nothing to draw yet')).toBeVisible()
    expect(screen.getByText('No writes to draw yet')).toBeVisible()
    const tiles = within(screen.getByRole('region', { name: 'Figures of the node' }))
    expect(tiles.getByText('189')).toBeVisible()
    expect(tiles.getByText('kB live')).toBeVisible()
    expect(tiles.getByText('8.6 MB on disk, 212 GB free')).toBeVisible()
    expect(within(screen.getByRole('contentinfo')).getByText('189 kB live')).toBeVisible()
    expect(tiles.getByRole('meter', { name: 'Storage in use' })).toHaveAttribute('aria-valuetext', '8.6 MB of 212 GB on disk')
  })

  it('follows the status, and leads from a card to the setting that it is about', async () => {
    const connection = new AlteredConnection()
    using app = await renderApp({ connection })
    await screen.findByText(/^Healthy/)
    act(() => {
      const { digest } = connection.world.settings.get()
      connection.world.settings.putValues({ readOnly: true }, digest)
      connection.world.events.tell('status')
    })
    expect(await screen.findByText('Read-only. These screens change nothing.')).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Allow changes…' }))
    await waitFor(() => expect(app.router.state.location).toMatchObject({ pathname: '/settings', search: { find: 'readOnly' } }))
  })

  it('says beside the button of a card why its program did not do it', async () => {
    const connection = new AlteredConnection()
    const { settings } = connection.world
    settings.putValues({ grpc: '127.0.0.1:9000' }, settings.get().digest)
    using _app = await renderApp({ connection })
    act(() => {
      const host = browserHost('0.1.0', async () => undefined)
      connection.update({ host: { ...host, capabilities: { ...host.capabilities, supervises: true } } })
    })
    await userEvent.click(await screen.findByRole('button', { name: 'Restart the node' }))
    expect(await screen.findByText(/^This was not done: A browser cannot do this/)).toHaveAttribute('role', 'alert')
  })

  it('hides what a person has decided about, and keeps that', async () => {
    const connection = new AlteredConnection()
    const { digest } = connection.world.settings.get()
    connection.world.settings.putValues({ readOnly: true }, digest)
    {
      using _app = await renderApp({ connection })
      await userEvent.click(await screen.findByRole('button', { name: /^Ignore: This node is set to read-only/ }))
      expect(screen.getByText('Nothing needs you.')).toBeVisible()
      _app.unmount()
    }
    using _again = await renderApp({ connection })
    expect(await screen.findByText('Nothing needs you.')).toBeVisible()
  })

  it('cancels a job only after asking', async () => {
    const connection = new AlteredConnection()
    connection.world.jobs.create({ kind: 'import', format: 'files', prefix: 'photos/', mode: 'skip', itemsTotal: 40 })
    using _app = await renderApp({ connection })
    const job = await screen.findByRole('article', { name: 'Import into photos/' })
    expect(within(job).getByRole('progressbar')).toHaveAttribute('aria-valuenow', '0')
    await userEvent.click(within(job).getByRole('button', { name: 'Cancel: Import into photos/' }))
    expect(connection.world.jobs.list()[0]?.state).toBe('running')
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel the job' }))
    expect(await screen.findByText('No job is running.')).toBeVisible()
    expect(connection.world.jobs.list()[0]?.state).toBe('cancelled')
  })

  it('says what failed in the place where it failed, and tries again', async () => {
    let broken = true
    const connection = new AlteredConnection((router, world) => ({
      ...router,
      system: {
        ...router.system,
        status: serve.system.status.handler(({ errors }) => {
          if (broken) throw errors.FAILED(failing('The counters are out of reach.'))
          return world.status()
        }),
      },
      events: {
        watch: serve.events.watch.handler(async function* ({ signal }) {
          await new Promise((resolve) => signal?.addEventListener('abort', resolve))
          yield* []
        }),
      },
    }))
    using _app = await renderApp({ connection })
    const alert = (await screen.findByText('The node could not say how it is')).closest('[role="alert"]') as HTMLElement
    expect(within(alert).getByText('The counters are out of reach.')).toBeVisible()
    expect(within(alert).getByText('c-17')).toBeVisible()
    broken = false
    await userEvent.click(within(alert).getByRole('button', { name: 'Try again' }))
    expect(await screen.findByText(/^Healthy/)).toBeVisible()
  })

  it('keeps its figures while the node is away, and says that they are old', async () => {
    const connection = new AlteredConnection()
    using _app = await renderApp({ connection })
    await screen.findByText(/^Healthy/)
    act(() => connection.lose())
    expect(await screen.findByText('The node does not answer.')).toBeVisible()
    expect(screen.getByText('all of them answer').closest('[data-stale]')).not.toBeNull()
  })

  it('has texts of the catalogue only', async () => {
    using _app = await renderApp({ catalogue: pseudoCatalogue })
    await screen.findByText(/^⟦.*··⟧$/, { selector: 'h1' })
    await screen.findAllByRole('figure')
    const main = document.querySelector('main')
    expect(main).not.toBeNull()
    expect(untranslated(main as HTMLElement)).toEqual([])
  })
})
