import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { heartbeatText } from '../../../../src/ipc/wire/heartbeat.ts'
import type { NodeSession } from '../../../../src/renderer/connection/connection-store.ts'
import { openSession } from '../../../../src/renderer/connection/open-session.ts'
import { SocketConnection } from '../../../../src/renderer/connection/socket-connection.ts'

vi.mock('../../../../src/renderer/connection/open-session.ts', () => ({ openSession: vi.fn() }))

class FakeSocket extends EventTarget {
  static readonly CONNECTING = 0
  static made: FakeSocket[] = []
  readonly readyState = 0
  readonly bufferedAmount = 0
  readonly url: string
  constructor(url: URL) {
    super()
    this.url = String(url)
    FakeSocket.made.push(this)
  }
  send(): void {}
  close(): void {
    this.dispatchEvent(new Event('close'))
  }
}

const answers = { get: 401, post: 200, run: 'run-1' }
const calls: string[] = []

beforeEach(() => {
  FakeSocket.made = []
  calls.length = 0
  answers.get = 401
  answers.post = 200
  answers.run = 'run-1'
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    const { method = 'GET', body } = init
    calls.push(`${method} ${path}${body == null ? '' : ` ${String(body)}`}`)
    const headers = { 'Memo-Run': answers.run }
    return new Response('{"sinceMs":5}', { status: method === 'GET' ? answers.get : answers.post, headers })
  })
  location.hash = ''
})

function start(): SocketConnection {
  const connection = new SocketConnection()
  connection.start()
  onTestFinished(() => connection.stop())
  return connection
}

test('the token of the link leaves the address bar at once and is changed for a session', async () => {
  location.hash = '#token=secret-1'
  start()
  expect(location.hash).toBe('')
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  expect(calls).toEqual(['POST /session {"token":"secret-1"}'])
  expect(FakeSocket.made[0]?.url).toMatch(/^ws:.*\/rpc$/)
})

test('an address of a page is no token', async () => {
  location.hash = '#/keys'
  start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  expect(location.hash).toBe('#/keys')
  expect(calls).toEqual([])
})

test('a link that is used up asks to sign in', async () => {
  location.hash = '#token=used'
  answers.post = 401
  const connection = start()
  await vi.waitFor(() => expect(connection.snapshot().link).toEqual({ state: 'signed-out', reason: 'refused' }))
  expect(FakeSocket.made).toEqual([])
})

test('a link that is opened where the session ended leads back to where that was', async () => {
  location.hash = '#/keys?key=a'
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  FakeSocket.made[0]?.close()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('signed-out'))
  history.pushState(null, '', '#token=secret-2')
  window.dispatchEvent(new PopStateEvent('popstate'))
  expect(location.hash).toBe('#/keys?key=a')
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(2))
  expect(calls.at(-1)).toBe('POST /session {"token":"secret-2"}')
})

test('a link that is used up does not matter where a session holds', async () => {
  location.hash = '#token=used'
  answers.post = 401
  answers.get = 200
  start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
})

test('without a session the closed socket asks to sign in', async () => {
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  FakeSocket.made[0]?.close()
  await vi.waitFor(() => expect(connection.snapshot().link).toEqual({ state: 'signed-out', reason: 'none' }))
})

test('with a session the closed socket is dialled again, later and later', async () => {
  answers.get = 200
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  FakeSocket.made[0]?.close()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('lost'))
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(2), { timeout: 2000 })
  const { link } = connection.snapshot()
  expect(link).toMatchObject({ state: 'lost' })
  connection.retry()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(3))
})

test('while the window is seen no attempt waits longer than 5 s, and coming back to it ends a longer wait', async () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  answers.get = 200
  const connection = start()
  await vi.advanceTimersByTimeAsync(0)
  const waits: number[] = []
  const fail = async (): Promise<void> => {
    FakeSocket.made.at(-1)?.close()
    await vi.advanceTimersByTimeAsync(0)
    const { link } = connection.snapshot()
    waits.push(link.state === 'lost' ? (link.retryAtMs ?? 0) - Date.now() : -1)
  }
  for (let attempt = 0; attempt < 8; attempt += 1) {
    await fail()
    await vi.advanceTimersByTimeAsync(5000)
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(5000)
  const look = (state: string): void => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state as 'visible')
    document.dispatchEvent(new Event('visibilitychange'))
  }
  look('hidden')
  await fail()
  expect(waits.at(-1)).toBeGreaterThan(5000)
  const dialled = FakeSocket.made.length
  look('visible')
  await vi.advanceTimersByTimeAsync(0)
  expect(FakeSocket.made).toHaveLength(dialled + 1)
})

test('a pasted link signs in', async () => {
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  FakeSocket.made[0]?.close()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('signed-out'))
  expect(await connection.signIn('http://127.0.0.1:7072/')).toBe(false)
  expect(await connection.signIn(' http://127.0.0.1:7072/#token=fresh ')).toBe(true)
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(2))
  expect(calls).toContain('POST /session {"token":"fresh"}')
})

async function signedOut(): Promise<SocketConnection> {
  const made = FakeSocket.made.length
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(made + 1))
  FakeSocket.made[made]?.close()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('signed-out'))
  return connection
}

test('a session that another tab began is used when the window gets the focus, and not before there is one', async () => {
  const connection = await signedOut()
  calls.length = 0
  window.dispatchEvent(new Event('focus'))
  await vi.waitFor(() => expect(calls).toEqual(['GET /session']))
  expect(connection.snapshot().link.state).toBe('signed-out')
  answers.get = 200
  window.dispatchEvent(new Event('focus'))
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(2))
  expect(connection.snapshot().link.state).toBe('connecting')
})

test('a tab that hears of the sign-in of another one connects by itself', async () => {
  const [first, second] = [await signedOut(), await signedOut()]
  answers.get = 200
  expect(await first.signIn('http://127.0.0.1:7072/#token=fresh')).toBe(true)
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(4))
  expect(second.snapshot().link.state).toBe('connecting')
})

test.each([
  ['run-1', 'ended'],
  ['run-2', 'restarted'],
])('a session of run-1 that %s no longer holds has %s', async (run, reason) => {
  vi.mocked(openSession).mockResolvedValue({ link: { state: 'open' }, session: {} as NodeSession })
  answers.get = 200
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  FakeSocket.made[0]?.dispatchEvent(new Event('open'))
  await vi.waitFor(() => expect(connection.snapshot().signedInMs).toBe(5))
  Object.assign(answers, { get: 401, run })
  FakeSocket.made[0]?.close()
  await vi.waitFor(() => expect(connection.snapshot().link).toEqual({ state: 'signed-out', reason }))
})

async function opened(): Promise<SocketConnection> {
  vi.mocked(openSession).mockResolvedValue({ link: { state: 'open' }, session: {} as NodeSession })
  answers.get = 200
  const connection = start()
  await vi.advanceTimersByTimeAsync(0)
  FakeSocket.made[0]?.dispatchEvent(new Event('open'))
  await vi.advanceTimersByTimeAsync(0)
  expect(connection.snapshot().link.state).toBe('open')
  return connection
}

function fakeTime(): void {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

/** What a node says every two seconds. */
const beat = (): boolean | undefined =>
  FakeSocket.made.at(-1)?.dispatchEvent(new MessageEvent('message', { data: heartbeatText }))

test('a node that stands still does not respond, and is back with its next heartbeat on the same socket', async () => {
  fakeTime()
  const connection = await opened()
  vi.stubGlobal('fetch', () => new Promise(() => undefined))
  for (let beats = 0; beats < 5; beats += 1) {
    await vi.advanceTimersByTimeAsync(2000)
    beat()
  }
  const heardMs = Date.now()
  await vi.advanceTimersByTimeAsync(5000)
  expect(connection.snapshot().link.state).toBe('open')
  await vi.advanceTimersByTimeAsync(3000)
  const { link, session } = connection.snapshot()
  expect(link).toEqual({ state: 'silent', sinceMs: heardMs })
  await vi.advanceTimersByTimeAsync(120_000)
  expect(connection.snapshot().link.state).toBe('silent')
  beat()
  expect(connection.snapshot()).toMatchObject({ link: { state: 'open' } })
  expect(connection.snapshot().session).toBe(session)
  expect(FakeSocket.made).toHaveLength(1)
})

test('where the node answers another way, the socket that is silent is given up and dialled anew', async () => {
  fakeTime()
  const connection = await opened()
  await vi.advanceTimersByTimeAsync(20_000)
  expect(FakeSocket.made).toHaveLength(2)
  FakeSocket.made[1]?.dispatchEvent(new Event('open'))
  await vi.advanceTimersByTimeAsync(0)
  expect(connection.snapshot().link.state).toBe('open')
})

test('a socket that never opens is given up', async () => {
  fakeTime()
  answers.get = 200
  start()
  await vi.advanceTimersByTimeAsync(9000)
  expect(FakeSocket.made).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(2000)
  expect(FakeSocket.made).toHaveLength(2)
})

test('signing out ends the session at the node', async () => {
  answers.get = 200
  const connection = start()
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
  await connection.snapshot().host?.client.signOut()
  expect(calls).toContain('POST /session/end')
  expect(connection.snapshot().link).toEqual({ state: 'signed-out', reason: 'left' })
})

describe('a sign-out that the node does not answer', () => {
  const opened = async (): Promise<SocketConnection> => {
    vi.mocked(openSession).mockResolvedValue({
      link: { state: 'open' },
      session: { epoch: 1 } as NodeSession,
    } as Awaited<ReturnType<typeof openSession>>)
    answers.get = 200
    const connection = start()
    await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1))
    FakeSocket.made[0]?.dispatchEvent(new Event('open'))
    await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
    return connection
  }
  const leave = (connection: SocketConnection) => void connection.snapshot().host?.client.signOut()
  const leaving = { state: 'signed-out', reason: 'leaving' }

  test('leaves the page at once, forgets what is shown, and ends the session with the answer', async () => {
    const connection = await opened()
    const answer = Promise.withResolvers<Response>()
    vi.stubGlobal('fetch', () => answer.promise)
    leave(connection)
    expect(connection.snapshot()).toMatchObject({ link: leaving, session: undefined })
    answer.resolve(new Response('{}'))
    await vi.waitFor(() => expect(connection.snapshot().link).toEqual({ state: 'signed-out', reason: 'left' }))
    expect(FakeSocket.made).toHaveLength(1)
  })

  test('leaves every tab of the browser', async () => {
    const connection = await opened()
    const other = start()
    await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(2))
    FakeSocket.made[1]?.dispatchEvent(new Event('open'))
    await vi.waitFor(() => expect(other.snapshot().link.state).toBe('open'))
    vi.stubGlobal('fetch', () => new Promise(() => {}))
    leave(connection)
    await vi.waitFor(() => expect(other.snapshot()).toMatchObject({ link: leaving, session: undefined }))
  })

  test('is repeated after a failure, and nothing takes the session up meanwhile', async () => {
    const connection = await opened()
    fakeTime()
    const asked: string[] = []
    let status: number | undefined
    vi.stubGlobal('fetch', async (path: string) => {
      asked.push(path)
      if (status === undefined) throw new TypeError('refused')
      return new Response('{}', { status })
    })
    leave(connection)
    leave(connection)
    await vi.advanceTimersByTimeAsync(8000)
    window.dispatchEvent(new Event('focus'))
    await vi.advanceTimersByTimeAsync(0)
    expect(connection.snapshot().link).toEqual(leaving)
    expect(new Set(asked)).toEqual(new Set(['/session/end']))
    expect(asked.length).toBeGreaterThan(1)
    // Of a node that was started again: it knows no such session.
    status = 401
    await vi.advanceTimersByTimeAsync(6000)
    expect(connection.snapshot().link).toEqual({ state: 'signed-out', reason: 'left' })
  })

  test('is given up for another sign-in', async () => {
    const connection = await opened()
    fakeTime()
    const asked: string[] = []
    vi.stubGlobal('fetch', async (path: string) => {
      asked.push(path)
      if (path === '/session/end') throw new TypeError('refused')
      return new Response('{}')
    })
    leave(connection)
    await vi.advanceTimersByTimeAsync(0)
    expect(await connection.signIn('http://127.0.0.1/#token=new')).toBe(true)
    asked.length = 0
    await vi.advanceTimersByTimeAsync(20_000)
    expect(asked).not.toContain('/session/end')
    expect(connection.snapshot().link.state).not.toBe('signed-out')
  })
})

test('a hidden page says so', () => {
  const connection = start()
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  expect(connection.snapshot().visible).toBe(false)
})
