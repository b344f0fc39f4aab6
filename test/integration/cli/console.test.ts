import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { contractVersion, nodeContract } from '../../../src/ipc/contract/node-contract.ts'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { connectSocket } from '../../../src/ipc/wire/wire-client.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { errorOf, parsed, testFolder } from './cli-bed.ts'

const bin = join(import.meta.dirname, '../../../bin/memo.js')
const folder = testFolder()

interface Link {
  readonly url: string
  readonly expiresAt: string
}

/** A link as the owner of the data directory gets it, and its token. */
async function linkOf(data: string): Promise<Link & { readonly token: string }> {
  const link = parsed(await runMemo(['console', '--data', data, '--json'])) as Link
  return { ...link, token: new URL(link.url).hash.replace('#token=', '') }
}

async function post(url: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  return await fetch(new URL(path, url), {
    method: 'POST',
    headers: { Origin: new URL(url).origin, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body ?? {}),
  })
}

async function upgradeStatus(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = new WebSocket(new URL('/rpc', url).href.replace('http', 'ws'), { headers })
  socket.on('error', () => {}) // that the upgrade was refused is told by its answer
  return await new Promise((resolve) => {
    socket.once('open', () => {
      socket.terminate()
      resolve(101)
    })
    socket.once('unexpected-response', (_request, answer) => {
      socket.terminate()
      resolve(answer.statusCode ?? 0)
    })
  })
}

test('a link signs in once; the cookie lasts until the sign-out or the end of the node; nothing secret is logged', async () => {
  const data = folder.path('console')
  const node = await startMemo(data, { arguments: ['--log-level', 'debug'] })
  const { consoleUrl } = node.ready
  const origin = new URL(consoleUrl).origin
  const link = await linkOf(data)
  expect(link.url.startsWith(`${consoleUrl}/#token=`)).toBe(true)
  const leftMs = Date.parse(link.expiresAt) - Date.now()
  expect(leftMs).toBeGreaterThan(4 * 60_000)
  expect(leftMs).toBeLessThanOrEqual(5 * 60_000)

  const signedIn = await post(consoleUrl, '/session', { token: link.token })
  expect(signedIn.status).toBe(200)
  const [setCookie = ''] = signedIn.headers.getSetCookie()
  expect(setCookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(setCookie.startsWith(`memo-${node.ready.nodeId.slice(0, 16)}=`)).toBe(true)
  const Cookie = setCookie.split(';', 1)[0] ?? ''
  expect((await post(consoleUrl, '/session', { token: link.token })).status).toBe(401)

  const refusals = {
    foreignOrigin: await upgradeStatus(consoleUrl, { Cookie, Origin: 'http://evil.example' }),
    noOrigin: await upgradeStatus(consoleUrl, { Cookie }),
    foreignHost: await upgradeStatus(consoleUrl, { Cookie, Origin: 'http://evil.example', Host: 'evil.example' }),
    noCookie: await upgradeStatus(consoleUrl, { Origin: origin }),
    forgedCookie: await upgradeStatus(consoleUrl, { Cookie: `${Cookie.slice(0, -1)}_`, Origin: origin }),
    own: await upgradeStatus(consoleUrl, { Cookie, Origin: origin }),
  }
  expect(refusals).toEqual({
    ...{ foreignOrigin: 403, noOrigin: 403, foreignHost: 421, noCookie: 401, forgedCookie: 401 },
    own: 101,
  })
  expect((await post(consoleUrl, '/session', { token: 'guess' }, { Origin: 'http://evil.example' })).status).toBe(403)
  expect((await post(consoleUrl, '/session/end', {}, { Cookie })).status).toBe(200)
  expect((await fetch(new URL('/session', consoleUrl), { headers: { Cookie } })).status).toBe(401)

  const { secret } = JSON.parse(readFileSync(join(data, 'console.json'), 'utf8')) as { secret: string }
  const metrics = await (await fetch(new URL('/metrics', consoleUrl))).text()
  expect(metrics).toContain('memo_console_sign_ins_total{outcome="accepted"} 1')
  expect(metrics).toContain('memo_console_sign_ins_total{outcome="refused"} 1')
  expect(await node.terminate()).toBe(0)
  expect(node.log()).toContain('a sign-in to the web console was refused')
  for (const hidden of [link.token, Cookie.split('=')[1] ?? '', secret]) {
    expect(hidden.length).toBeGreaterThan(30)
    for (const text of [node.log(), metrics, JSON.stringify(node.ready)]) expect(text).not.toContain(hidden)
  }
})

test('a screen that has signed in calls the node, until its session ends or the node does', async () => {
  const data = folder.path('screen')
  const node = await startMemo(data)
  const { consoleUrl } = node.ready
  const signIn = async () => {
    const signedIn = await post(consoleUrl, '/session', { token: (await linkOf(data)).token })
    return signedIn.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  }
  const open = (Cookie: string) => {
    const socket = new WebSocket(new URL('/rpc', consoleUrl).href.replace('http', 'ws'), {
      headers: { Cookie, Origin: new URL(consoleUrl).origin },
    })
    return { socket, over: once(socket, 'close'), ...connectSocket(nodeContract, socket) }
  }
  const [first, second] = [await signIn(), await signIn()]
  const screen = open(first)
  const value = new Uint8Array(wireLimits.valueBytesMax).map((_, index) => index)
  expect(await screen.call.system.hello({ contractVersion })).toMatchObject({ nodeId: node.ready.nodeId, contractVersion })
  await screen.call.kv.put({ key: 'k', value, contentType: '', expect: { kind: 'absent' } })
  const read = await screen.call.kv.read({ key: 'k', offset: 0, length: value.length })
  expect(Buffer.compare(read?.bytes ?? new Uint8Array(), value)).toBe(0)

  await post(consoleUrl, '/session/end', {}, { Cookie: first })
  expect((await screen.over)[0]).toBe(4401)
  await expect(screen.call.system.status()).rejects.toMatchObject({ data: { code: 'not-running' } })

  const careless = open(second)
  await careless.call.system.status()
  careless.socket.send('a'.repeat(wireLimits.messageBytesMax + 1))
  expect((await careless.over)[0]).toBe(1009)

  const last = open(second)
  await last.call.system.status()
  expect(await node.terminate()).toBe(0)
  expect((await last.over)[0]).toBe(1001)
})

test('a session ends with the node, and only the owner of the data directory gets another', async () => {
  const data = folder.path('ended')
  const first = await startMemo(data)
  const path = join(data, 'console.json')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const signedIn = await post(first.ready.consoleUrl, '/session', { token: (await linkOf(data)).token })
  const Cookie = signedIn.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const { token } = await linkOf(data)
  await first.terminate()
  expect(existsSync(path)).toBe(false)
  const stopped = await runMemo(['console', '--data', data, '--json'])
  expect([stopped.code, errorOf(stopped).code]).toEqual([5, 'not-running'])

  const second = await startMemo(data)
  expect((await fetch(new URL('/session', second.ready.consoleUrl), { headers: { Cookie } })).status).toBe(401)
  expect((await post(second.ready.consoleUrl, '/session', { token })).status).toBe(401)
  await second.kill()
  const killed = await runMemo(['console', '--data', data, '--json'])
  expect([killed.code, errorOf(killed).code]).toEqual([5, 'not-running'])
})

test('on a terminal the start shows a link that signs in', async () => {
  const terminal = 'data:text/javascript,process.stdout.isTTY=true'
  const ports = ['--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']
  const args = ['--import', terminal, bin, 'run', '--data', folder.path('terminal'), ...ports]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.resume()
  let text = ''
  for await (const piece of child.stdout) {
    text += String(piece)
    if (text.includes('Ctrl-C')) break
  }
  const [, url = '', token = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/#token=([\w-]+)/.exec(text) ?? []
  expect((await post(url, '/session', { token })).status).toBe(200)
  child.kill('SIGTERM')
  await once(child, 'exit')
})

/** An address of this computer that others could reach. */
function outerAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address
}

test('by itself the console is on loopback only', async () => {
  const shown = parsed(await runMemo(['config', 'show', '--json', '--data', folder.path('none')]))
  expect(shown).toMatchObject({ console: { value: '127.0.0.1:7071', source: 'default' } })
  const outer = outerAddress()
  if (outer === undefined) return // this computer has no other address
  const node = await startMemo(folder.path('loopback'))
  const socket = connect(Number(new URL(node.ready.consoleUrl).port), outer)
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await node.terminate()
})

test('where others reach it, the console wants TLS', async () => {
  const ports = ['--grpc', '127.0.0.1:0', '--console', '0.0.0.0:0']
  const refused = await runMemo(['run', '--data', folder.path('unsafe'), ...ports])
  expect([refused.code, errorOf(refused).code]).toEqual([2, 'unsafe-bind'])
  expect(errorOf(refused).message).toContain('--console-tls')
  expect(existsSync(folder.path('unsafe'))).toBe(false)
})

interface TlsAnswer {
  readonly status: number
  readonly cookie: string
  readonly body: string
}

async function askTls(
  url: string,
  ca: Buffer,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const call = request(url, { ca, ...options, headers: { Origin: new URL(url).origin, ...options.headers }, agent: false })
  call.end(options.body)
  const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
  let body = ''
  for await (const piece of answer) body += String(piece)
  return { status: answer.statusCode ?? 0, cookie: answer.headers['set-cookie']?.[0] ?? '', body } satisfies TlsAnswer
}

test('over TLS the cookie is for TLS only, and what is measured is for this computer and for sessions', async () => {
  const data = folder.path('tls')
  const node = await startMemo(data, { arguments: ['--console', '0.0.0.0:0', '--console-tls'] })
  const ca = readFileSync(join(data, 'console-cert.pem'))
  expect(statSync(join(data, 'console-key.pem')).mode & 0o777).toBe(0o600)
  const { consoleUrl } = node.ready
  expect(consoleUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const link = await linkOf(data)
  expect(new URL(link.url).hostname).toBe(hostname().toLowerCase())
  const named = { Host: new URL(link.url).host, Origin: new URL(link.url).origin, 'Content-Type': 'application/json' }
  const signedIn = await askTls(`${consoleUrl}/session`, ca, {
    ...{ method: 'POST', headers: named, body: JSON.stringify({ token: link.token }) },
  })
  expect(signedIn.status).toBe(200)
  expect(signedIn.cookie).toMatch(/^__Host-memo-[0-9a-f]{16}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
  expect((await askTls(`${consoleUrl}/health`, ca)).status).toBe(200)
  const doctor = await runMemo(['doctor', '--data', data, '--json'])
  expect(JSON.parse(doctor.stdout.toString()).checks).toContainEqual(expect.objectContaining({ name: 'running', state: 'green' }))
  const outer = outerAddress()
  if (outer !== undefined) {
    const headers = { Host: new URL(consoleUrl).host }
    const from = async (path: string, more: Record<string, string> = {}) =>
      await askTls(`https://${outer}:${new URL(consoleUrl).port}${path}`, ca, {
        headers: { ...headers, Origin: consoleUrl, ...more },
        ...{ servername: 'localhost' },
      })
    expect((await from('/ready')).status).toBe(200)
    for (const path of ['/health', '/metrics']) {
      expect((await from(path)).status).toBe(401)
      expect((await from(path, { Cookie: signedIn.cookie.split(';', 1)[0] ?? '' })).status).toBe(200)
    }
  }
  await node.terminate()
})

test('a configuration file whose settings do not fit together stops neither a link nor the doctor', async () => {
  const data = folder.path('unfit')
  const node = await startMemo(data)
  writeFileSync(join(data, 'memo.json'), '{"grpcTokenFile":"token"}')
  expect((await linkOf(data)).url.startsWith(`${node.ready.consoleUrl}/#token=`)).toBe(true)
  const doctor = await runMemo(['doctor', '--data', data])
  expect([doctor.code, doctor.stdout.toString()]).toEqual([2, expect.stringMatching(/^green .* running .*$/m)])
  expect(doctor.stdout.toString()).toMatch(
    /^red +configuration +"grpcTokenFile" in .*memo\.json has a meaning only with --grpc-auth token$/m,
  )
  const shown = errorOf(await runMemo(['config', 'show', '--data', data, '--json']))
  expect(shown).toMatchObject({ code: 'config-invalid', message: expect.stringContaining(join(data, 'memo.json')) })
  await node.terminate()
})
