import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { heartbeatText } from '../../../src/ipc/wire/heartbeat.ts'
import { ConsoleBed, linkSecret, nodeId, ScreensFolder } from '../../support/console-bed.ts'
import { ManualClock } from '../../support/key-value-world.ts'
import type { RawAnswer } from '../../support/raw-http.ts'
import { rawExchange } from '../../support/raw-http.ts'

const screens = new ScreensFolder()
const bed = new ConsoleBed({ rendererFolder: screens.path })
beforeAll(() => bed.start())
afterAll(async () => {
  await bed[Symbol.asyncDispose]()
  screens[Symbol.dispose]()
})

const handshake = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }
const key = { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }
const cookieName = `memo-${nodeId.slice(0, 16)}`

/** An upgrade as the own page asks for it, but for what is given. */
async function upgrade(headers: Readonly<Record<string, string>>, path = '/rpc', to: ConsoleBed = bed): Promise<RawAnswer> {
  return await to.ask(path, { headers: { ...handshake, ...key, Origin: to.origin, ...headers } })
}

describe('every answer has the headers', () => {
  const nonceOf = ({ headers }: RawAnswer) => /'nonce-([^']+)'/.exec(headers['content-security-policy'] ?? '')?.[1]
  const tooLong = `/${'a'.repeat(9000)}`

  test.each([
    ['the page', 200, () => bed.ask('/')],
    ['an asset', 200, () => bed.ask('/assets/main-B1x.js')],
    ['an empty asset', 200, () => bed.ask('/assets/empty-B1x.css')],
    ['metrics', 200, () => bed.ask('/metrics')],
    ['what is not there', 404, () => bed.ask('/nothing.js')],
    ['another method', 405, () => bed.ask('/', { method: 'PUT' })],
    ['CONNECT', 405, () => bed.ask('example.org:443', { method: 'CONNECT' })],
    ['a wrong name', 421, () => bed.ask('/', { host: 'evil.example' })],
    ['no name', 421, () => bed.ask('/', { host: null })],
    ['an address of a proxy', 400, () => bed.ask('http://evil.example/')],
    ['a failing route', 503, () => bed.ask('/health')],
    ['a promise asked for', 417, () => bed.ask('/session', { method: 'POST', headers: { Expect: '100-continue' } })],
    ['a foreign promise', 417, () => bed.ask('/', { headers: { Expect: 'wonders' } })],
    ['no session', 401, () => bed.ask('/session')],
    ['no upgrade', 426, () => bed.ask('/rpc')],
    ['a refused upgrade', 401, () => upgrade({})],
    ['a header that is too long', 431, () => bed.ask('/', { headers: { X: 'a'.repeat(9000) } })],
    ['an address that is too long', 431, () => bed.ask(tooLong)],
    ['no HTTP', 400, () => rawExchange(bed.port, 'hello\r\n\r\n')],
  ])('%s: %i', async (_name, status, ask) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; .*trusted-types memo$/),
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control':
        answer.status === 200 && answer.headers['content-type']?.match(/javascript|css/) ? expect.any(String) : 'no-store',
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.headers).not.toHaveProperty('server')
  })

  test('an accepted upgrade too', async () => {
    const answer = await upgrade({ Cookie: await bed.signIn() })
    expect(answer.status).toBe(101)
    expect(nonceOf(answer)).toBeDefined()
  })

  test('the page holds the nonce of its own headers, and each load has another', async () => {
    const [first, second] = [await bed.ask('/'), await bed.ask('/index.html')]
    expect(first.body).toContain(`content="${nonceOf(first)}"`)
    expect(second.body).toContain(`content="${nonceOf(second)}"`)
    expect(nonceOf(first)).not.toBe(nonceOf(second))
  })
})

describe('files', () => {
  test('what is hashed is kept for ever, what is not is asked for again', async () => {
    expect(await bed.ask('/assets/main-B1x.js')).toMatchObject({
      body: 'export {}\n',
      headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=31536000, immutable' },
    })
    expect(await bed.ask('/favicon.svg')).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache' } })
    expect(await bed.ask('/assets/main-B1x.js', { method: 'HEAD' })).toMatchObject({
      body: '',
      headers: { 'content-length': '10' },
    })
  })

  test.each([
    '/../secret.json',
    '/assets/../../secret.json',
    '/%2e%2e/secret.json',
    '/%2e%2e%2fsecret.json',
    '/..%2fsecret.json',
    '/..%5csecret.json',
    '/..\\secret.json',
    '/assets\\..\\..\\secret.json',
    '/%252e%252e/secret.json',
    '//secret.json',
    '/assets//../../secret.json',
    '/assets/outside.json',
    '/assets/up/secret.json',
    '/secret.json%00.js',
    '/assets/main-B1x.js%00',
    '/%c0%ae%c0%ae/secret.json',
    '/.env.json',
    '/%2eenv.json',
    '/notes',
    '/assets',
    '/assets/',
    '/%',
    '/assets/main-B1x.js/',
    '/constructor.js',
  ])('%s is not there', async (path) => {
    const answer = await bed.ask(path)
    expect([answer.status, answer.body]).toEqual([404, 'Not found.\n'])
  })

  test('files are only read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
      const answer = await bed.ask('/assets/main-B1x.js', { method, headers: { Origin: bed.origin } })
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD'])
    }
  })

  test('without a build the page says what to do', async () => {
    await using bare = await new ConsoleBed().start()
    expect(await bare.ask('/')).toMatchObject({ status: 503, body: expect.stringContaining('npm run build') })
  })
})

describe('signing in', () => {
  test('a token gives a cookie, and the cookie a session', async () => {
    const { token } = bed.face.makeToken()
    const answer = await bed.post('/session', { token })
    expect(answer.status).toBe(200)
    const cookie = answer.headers['set-cookie'] ?? ''
    expect(cookie).toMatch(new RegExp(`^${cookieName}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`))
    expect(JSON.parse(answer.body)).toEqual({ session: expect.any(Number), sinceMs: expect.any(Number) })
    const state = await bed.ask('/session', { headers: { Cookie: cookie.split(';', 1)[0] ?? '' } })
    expect([state.status, state.body]).toEqual([200, answer.body])
    const run = expect.stringMatching(/^[0-9a-f]{16}$/)
    expect([state.headers['memo-run'], (await bed.ask('/session')).headers['memo-run']]).toEqual([
      run,
      answer.headers['memo-run'],
    ])
  })

  test('a token that was used signs nobody in', async () => {
    await using own = await new ConsoleBed().start()
    const { token } = own.face.makeToken()
    await own.post('/session', { token })
    const again = await own.post('/session', { token })
    expect([again.status, again.headers['set-cookie']]).toEqual([401, undefined])
    expect(JSON.parse(again.body)).toMatchObject({ error: { code: 'unauthenticated' } })
    expect(own.events.at(-1)).toEqual(['consoleSignInRefused', { reason: 'token', from: '127.0.0.1' }])
    expect(JSON.stringify(own.events)).not.toContain(token)
  })

  test('a token that has expired signs nobody in', async () => {
    const clock = new ManualClock()
    await using own = await new ConsoleBed({ clock }).start()
    const { token, expiresInMs } = own.face.makeToken()
    clock.advance(expiresInMs)
    expect((await own.post('/session', { token })).status).toBe(401)
  })

  test('who guesses is limited, and locks nobody out who has a token or the secret of the node', async () => {
    const clock = new ManualClock()
    await using own = await new ConsoleBed({ clock }).start()
    const { token } = own.face.makeToken()
    const guess = (token: string) => own.post('/session', { token })
    for (let count = 0; count < 10; count++) expect((await guess(`guess-${count}`)).status).toBe(401)
    const limited = await guess('guess-10')
    expect([limited.status, limited.headers['retry-after']]).toEqual([429, '60'])
    expect(own.events.at(-1)).toEqual(['consoleSignInRefused', { reason: 'rate', from: '127.0.0.1' }])
    const link = (secret: string) => own.post('/session/link', undefined, { Authorization: `Bearer ${secret}` })
    expect((await link('wrong')).status).toBe(429)
    expect((await link(linkSecret)).status).toBe(200)
    expect((await guess(token)).status).toBe(200)
    expect((await guess(token)).status).toBe(429)
    clock.advance(60_000)
    expect((await guess(token)).status).toBe(401)
  })

  test.each([
    ['no Origin', {}],
    ['another site', { Origin: 'https://evil.example' }],
    ['another port of this computer', { Origin: 'http://127.0.0.1:1' }],
    ['another scheme', { Origin: 'https://127.0.0.1:PORT' }],
    ['a sandboxed page', { Origin: 'null' }],
    ['a longer name', { Origin: 'http://127.0.0.1:PORT.evil.example' }],
  ])('a POST of %s changes nothing', async (_name, headers: Readonly<Record<string, string>>) => {
    const { token } = bed.face.makeToken()
    const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(bed.port))])
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json', ...Object.fromEntries(sent) } }
    const answer = await bed.ask('/session', { ...options, body: JSON.stringify({ token }) })
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined])
    expect((await bed.post('/session', { token })).status).toBe(200)
  })

  test('a tunnel may change the port, for the page and the name alike', async () => {
    const { token } = bed.face.makeToken()
    const headers = { Origin: 'http://localhost:8080', 'Content-Type': 'application/json' }
    const answer = await bed.ask('/session', { method: 'POST', host: 'localhost:8080', headers, body: JSON.stringify({ token }) })
    expect(answer.status).toBe(200)
  })

  test.each([
    ['a form', 415, 'token=x', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['plain text', 415, '{"token":"x"}', { 'Content-Type': 'text/plain' }],
    ['no JSON', 400, '{', {}],
    ['another shape', 400, '{"token":["x"]}', {}],
    ['a prototype', 400, '{"token":"x","__proto__":{}}', {}],
    ['a long token', 400, JSON.stringify({ token: 'x'.repeat(200) }), {}],
    ['a large body', 413, JSON.stringify({ token: 'x'.repeat(5000) }), {}],
    ['a large body in pieces that does not end', 413, `1400\r\n${'x'.repeat(0x1400)}\r\n`, { 'Transfer-Encoding': 'chunked' }],
  ])('%s is refused: %i', async (_name, status, body, headers: Readonly<Record<string, string>>) => {
    const own = { Origin: bed.origin, 'Content-Type': 'application/json', ...headers }
    const chunked = headers['Transfer-Encoding'] !== undefined
    const answer = chunked
      ? await rawExchange(bed.port, rawPost(own, body))
      : await bed.ask('/session', { method: 'POST', headers: own, body })
    expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined])
  })

  test('other methods and paths are none', async () => {
    expect((await bed.ask('/session', { method: 'DELETE', headers: { Origin: bed.origin } })).headers.allow).toBe(
      'GET, HEAD, POST',
    )
    expect((await bed.ask('/session/end')).status).toBe(405)
    expect((await bed.ask('/session/link')).status).toBe(405)
    expect((await bed.ask('/session/other')).status).toBe(404)
    expect((await bed.ask('/session', { headers: { Origin: 'http://evil.example' } })).status).toBe(403)
  })
})

function rawPost(headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `POST /session HTTP/1.1\r\nHost: 127.0.0.1:${bed.port}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

describe('signing out', () => {
  test('ends the session and its sockets, and takes the cookie back', async () => {
    const cookie = await bed.signIn()
    const socket = await open(cookie)
    const closed = once(socket, 'close')
    const answer = await bed.post('/session/end', undefined, { Cookie: cookie })
    expect(answer.status).toBe(200)
    expect(answer.headers['set-cookie']).toContain('Max-Age=0')
    expect((await closed)[0]).toBe(4401)
    expect((await bed.ask('/session', { headers: { Cookie: cookie } })).status).toBe(401)
    expect((await upgrade({ Cookie: cookie })).status).toBe(401)
    expect((await bed.post('/session/end', undefined, { Cookie: cookie })).status).toBe(401)
  })

  test('another site cannot do it', async () => {
    const cookie = await bed.signIn()
    expect((await bed.post('/session/end', undefined, { Cookie: cookie, Origin: 'http://evil.example' })).status).toBe(403)
    expect((await bed.ask('/session', { headers: { Cookie: cookie } })).status).toBe(200)
  })
})

describe('a link is made for who has the secret', () => {
  test('and signs in', async () => {
    const answer = await bed.post('/session/link', undefined, { Authorization: `Bearer ${linkSecret}` })
    const { token, expiresInMs } = JSON.parse(answer.body) as { token: string; expiresInMs: number }
    expect([answer.status, expiresInMs]).toEqual([200, 300_000])
    expect((await bed.post('/session', { token })).status).toBe(200)
  })

  test.each(['', 'Bearer ', 'Bearer wrong', `Basic ${linkSecret}`, `Bearer ${linkSecret}x`])(
    'not for %j',
    async (authorization) => {
      await using own = await new ConsoleBed().start()
      const answer = await own.post('/session/link', undefined, { Authorization: authorization })
      expect(answer.status).toBe(401)
      expect(answer.body).not.toContain(linkSecret)
    },
  )

  test('a session does not make links', async () => {
    expect((await bed.post('/session/link', undefined, { Cookie: await bed.signIn() })).status).toBe(401)
  })
})

/** A socket of a screen that is open. */
async function open(cookie: string, to: ConsoleBed = bed): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${to.port}/rpc`, { headers: { Cookie: cookie, Origin: to.origin } })
  await once(socket, 'open')
  return socket
}

describe('the socket of a screen', () => {
  test.each([
    ['a wrong Host', 421, {}, 'evil.example'],
    ['no Origin', 403, { Origin: '' }, undefined],
    ['a foreign Origin', 403, { Origin: 'https://evil.example' }, undefined],
    ['the Origin of another port', 403, { Origin: 'http://127.0.0.1:1' }, undefined],
    ['no cookie', 401, { Cookie: '' }, undefined],
    ['a forged cookie', 401, { Cookie: `${cookieName}=${'A'.repeat(43)}` }, undefined],
    ['another protocol', 400, { 'Sec-WebSocket-Protocol': 'x' }, undefined],
    ['no key', 400, { 'Sec-WebSocket-Key': '' }, undefined],
    ['an old version', 400, { 'Sec-WebSocket-Version': '1' }, undefined],
  ])('with %s is refused: %i', async (_name, status, headers, host) => {
    const own = { ...handshake, ...key, Origin: bed.origin, Cookie: await bed.signIn() }
    const answer = await bed.ask('/rpc', { headers: { ...own, ...headers }, ...(host !== undefined && { host }) })
    expect(answer.status).toBe(status)
  })

  test('is at one path, by GET', async () => {
    const Cookie = await bed.signIn()
    expect((await upgrade({ Cookie }, '/')).status).toBe(404)
    expect((await upgrade({ Cookie }, '/rpc/x')).status).toBe(404)
    const post = await bed.ask('/rpc', { method: 'POST', headers: { ...handshake, ...key, Cookie, Origin: bed.origin } })
    expect(post.status).toBe(400)
    expect((await bed.ask('/rpc', { headers: { Cookie, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(426)
  })

  test('other upgrades are answered as if they were not asked for', async () => {
    expect((await bed.ask('/metrics', { headers: { Connection: 'Upgrade, close', Upgrade: 'h2c' } })).status).toBe(200)
  })

  test('is served with its session', async () => {
    const served: number[] = []
    await using own = await new ConsoleBed({
      serve: (socket, session) => {
        served.push(session.number)
        socket.on('message', (data) => socket.send(String(data)))
      },
    }).start()
    const socket = await open(await own.signIn(), own)
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    expect(served).toEqual([1])
    expect(socket.extensions).toBe('')
    socket.terminate()
  })

  test('takes no message above the limit', async () => {
    await using own = await new ConsoleBed().start()
    const cookie = await own.signIn()
    const fits = await open(cookie, own)
    fits.send('a'.repeat(wireLimits.messageBytesMax))
    fits.ping()
    await once(fits, 'pong')
    const [code] = (await Promise.all([
      once(fits, 'close'),
      (async () => fits.send('a'.repeat(wireLimits.messageBytesMax + 1)))(),
    ]).then(([closed]) => closed)) as [number]
    expect(code).toBe(1009)
    expect(own.events).toContainEqual(['consoleSocketEnded', { session: 1, cause: 'protocol' }])
  })

  test('sockets are bounded, of one session and of all', async () => {
    await using own = await new ConsoleBed({ limits: { consoleSessionSocketsMax: 2, consoleSocketsMax: 3 } }).start()
    const [first, second] = [await own.signIn(), await own.signIn()]
    const kept = [await open(first, own), await open(first, own)]
    expect((await upgrade({ Cookie: first }, '/rpc', own)).status).toBe(503)
    kept.push(await open(second, own))
    expect((await upgrade({ Cookie: second }, '/rpc', own)).status).toBe(503)
    kept[0]?.close()
    if (kept[0] !== undefined) await once(kept[0], 'close')
    kept.push(await open(second, own))
    for (const socket of kept) socket.terminate()
  })

  test('one that does not answer a ping is ended, one that does stays', async () => {
    const clock = new ManualClock()
    await using own = await new ConsoleBed({ clock }).start()
    const cookie = await own.signIn()
    const alive = await open(cookie, own)
    const silent = new WebSocket(`ws://127.0.0.1:${own.port}/rpc`, {
      headers: { Cookie: cookie, Origin: own.origin },
      autoPong: false,
    })
    await once(silent, 'open')
    const pinged = Promise.all([once(alive, 'ping'), once(silent, 'ping')])
    clock.advance(30_000)
    await pinged
    alive.ping()
    await once(alive, 'pong') // its own pong went before this one was answered
    const ended = once(silent, 'close')
    clock.advance(30_000)
    await ended
    expect(alive.readyState).toBe(WebSocket.OPEN)
    expect(own.events).toContainEqual(['consoleSocketEnded', { session: 1, cause: 'silent' }])
    alive.terminate()
  })

  test('every screen hears every two seconds that the node is alive', async () => {
    const clock = new ManualClock()
    await using own = await new ConsoleBed({ clock }).start()
    const cookie = await own.signIn()
    const sockets = [await open(cookie, own), await open(cookie, own)]
    for (let beat = 0; beat < 3; beat += 1) {
      const heard = Promise.all(sockets.map((socket) => once(socket, 'message')))
      clock.advance(2000)
      expect((await heard).map(([data]) => String(data))).toEqual([heartbeatText, heartbeatText])
    }
    for (const socket of sockets) socket.terminate()
  })

  test('one that leaves too much unread is ended', async () => {
    const clock = new ManualClock()
    await using own = await new ConsoleBed({
      clock,
      limits: { consoleUnreadBytesMax: 1024 * 1024 },
      serve: (socket) => socket.on('message', () => socket.send('a'.repeat(4 * 1024 * 1024))),
    }).start()
    const cookie = await own.signIn()
    const lines = Object.entries({ ...handshake, ...key, Origin: own.origin, Cookie: cookie, Host: `127.0.0.1:${own.port}` })
    const greedy = connect(own.port, '127.0.0.1')
    greedy.write(`GET /rpc HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`)
    await once(greedy, 'readable')
    const ask = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]) // one masked text message; what comes back is never read
    for (let index = 0; index < 8; index++) greedy.write(ask)
    await expect.poll(() => own.events).toContainEqual(['consoleSocketEnded', { session: 1, cause: 'unread' }])
    greedy.destroy()
  })

  test('a stop tells every screen, and ends those that do not go', async () => {
    const own = await new ConsoleBed().start()
    const socket = await open(await own.signIn(), own)
    const closed = once(socket, 'close')
    const startedMs = performance.now()
    await own.face.stop()
    await own.face.stop()
    expect((await closed)[0]).toBe(1001)
    expect(performance.now() - startedMs).toBeLessThan(3000)
  })
})
