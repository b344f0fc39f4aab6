import { expect, test, vi } from 'vitest'
import type { EventTopic, NodeEvent } from '../../../../src/ipc/contract/event-schemas.ts'
import type { NodeClient } from '../../../../src/renderer/connection/clients.ts'
import { EventHub } from '../../../../src/renderer/connection/event-hub.ts'

/** A client that counts its streams and lets a test send events into them. */
function fakeClient() {
  const open = new Set<{ topics: readonly EventTopic[]; send: (event: NodeEvent) => void; end: () => void }>()
  let opened = 0
  const watch = async ({ topics }: { topics: readonly EventTopic[] }, { signal }: { signal: AbortSignal }) => {
    opened += 1
    const queue: NodeEvent[] = []
    let wake = Promise.withResolvers<void>()
    let ended = false
    const end = () => {
      ended = true
      wake.resolve()
    }
    const entry = {
      topics,
      send: (event: NodeEvent) => {
        queue.push(event)
        wake.resolve()
      },
      end,
    }
    open.add(entry)
    signal.addEventListener('abort', end)
    return (async function* () {
      try {
        while (!ended || queue.length > 0) {
          const event = queue.shift()
          if (event !== undefined) yield event
          else {
            await wake.promise
            wake = Promise.withResolvers()
          }
        }
      } finally {
        open.delete(entry)
      }
    })()
  }
  return {
    client: { events: { watch } } as unknown as NodeClient,
    streams: () => [...open].map((entry) => entry.topics.join()),
    opened: () => opened,
    send: (event: NodeEvent) => {
      for (const entry of open) if (entry.topics.includes(event.kind as EventTopic)) entry.send(event)
    },
    breakAll: () => {
      for (const entry of open) entry.end()
    },
  }
}

const changed: NodeEvent = { kind: 'keys', sequence: 1, changed: ['a'], more: false }

test('one subscription serves all listeners of a topic, and the cache learns each event once', async () => {
  const node = fakeClient()
  const hub = new EventHub(0)
  const learnt: NodeEvent[] = []
  hub.attach(node.client, (_topic, event) => learnt.push(event))
  const [first, second] = [vi.fn(), vi.fn()]
  hub.listen('keys', first)
  hub.listen('keys', second)
  hub.listen('status', vi.fn())
  await vi.waitFor(() => expect(node.streams()).toEqual(['keys', 'status']))
  node.send(changed)
  await vi.waitFor(() => expect(second).toHaveBeenCalledWith(changed))
  expect(first).toHaveBeenCalledTimes(1)
  expect(learnt).toEqual([changed])
})

test('the stream ends with its last listener', async () => {
  const node = fakeClient()
  const hub = new EventHub(0)
  hub.attach(node.client)
  const leave = [hub.listen('keys', vi.fn()), hub.listen('keys', vi.fn())]
  await vi.waitFor(() => expect(node.streams()).toEqual(['keys']))
  leave[0]?.()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(node.streams()).toEqual(['keys'])
  leave[1]?.()
  await vi.waitFor(() => expect(node.streams()).toEqual([]))
})

test('no stream is open while the window is hidden, and what was missed is marked afterwards', async () => {
  const node = fakeClient()
  const hub = new EventHub(0)
  hub.attach(node.client)
  const heard: NodeEvent[] = []
  hub.listen('keys', (event) => heard.push(event))
  await vi.waitFor(() => expect(node.streams()).toEqual(['keys']))
  hub.setVisible(false)
  await vi.waitFor(() => expect(node.streams()).toEqual([]))
  expect(heard).toEqual([])
  hub.setVisible(true)
  await vi.waitFor(() => expect(heard).toEqual([{ kind: 'gap', sequence: 0 }]))
})

test('a new client gets the streams of the old one', async () => {
  const [before, after] = [fakeClient(), fakeClient()]
  const hub = new EventHub(0)
  hub.attach(before.client)
  hub.listen('jobs', vi.fn())
  await vi.waitFor(() => expect(before.streams()).toEqual(['jobs']))
  hub.attach(undefined)
  await vi.waitFor(() => expect(before.streams()).toEqual([]))
  hub.attach(after.client)
  await vi.waitFor(() => expect(after.streams()).toEqual(['jobs']))
  expect(before.opened()).toBe(1)
})

test('a stream that breaks is opened again, with a gap', async () => {
  const node = fakeClient()
  const hub = new EventHub(0)
  hub.attach(node.client)
  const heard: NodeEvent[] = []
  hub.listen('keys', (event) => heard.push(event))
  await vi.waitFor(() => expect(node.streams()).toEqual(['keys']))
  node.breakAll()
  await vi.waitFor(() => expect(heard).toEqual([{ kind: 'gap', sequence: 0 }]), { timeout: 3000 })
  expect(node.opened()).toBe(2)
  hub.attach(undefined)
})
