import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerAppRequest } from '../../../src/main/security/app-protocol.ts'
import { isAllowedPermission, isOwnOrigin, isOwnRequest } from '../../../src/main/security/request-filter.ts'
import { safeOpenExternal } from '../../../src/main/security/safe-open-external.ts'
import { pageHeaders } from '../../../src/shared/page-headers.ts'

describe('the protocol of the window', () => {
  let folder = ''
  let screens = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memo-screens-'))
    screens = join(folder, 'screens')
    mkdirSync(join(screens, 'assets'), { recursive: true })
    mkdirSync(join(folder, 'screens-beside'))
    writeFileSync(join(screens, 'index.html'), '<meta name="csp-nonce" content="__NONCE__">')
    writeFileSync(join(screens, 'assets/app.js'), 'run()')
    writeFileSync(join(screens, 'assets/notes.txt'), 'notes')
    writeFileSync(join(folder, 'secret.js'), 'secret')
    writeFileSync(join(folder, 'screens-beside/secret.js'), 'secret')
    symlinkSync(join(folder, 'secret.js'), join(screens, 'link.js'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const ask = (url: string, method = 'GET') => answerAppRequest({ url, method }, screens)

  test('serves the page with the headers of its nonce, fresh for each load', async () => {
    const answers = [await ask('app://memo/index.html'), await ask('app://memo/')]
    const nonces: string[] = []
    for (const answer of answers) {
      const nonce = /content="([^"]+)"/.exec(await answer.text())?.[1] ?? ''
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      for (const [name, value] of Object.entries(pageHeaders(nonce))) expect(answer.headers.get(name)).toBe(value)
      nonces.push(nonce)
    }
    expect(new Set(nonces).size).toBe(2)
  })

  test('serves files with their type', async () => {
    const answer = await ask('app://memo/assets/app.js?v=1#x')
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'run()',
    ])
  })

  test.each([
    ['a parent folder', 'app://memo/../secret.js'],
    ['an encoded parent folder', 'app://memo/%2e%2e/secret.js'],
    ['encoded separators', 'app://memo/..%2fsecret.js'],
    ['encoded separators of Windows', 'app://memo/..%5csecret.js'],
    ['a folder with the same beginning', 'app://memo/..%2fscreens-beside%2fsecret.js'],
    ['an absolute path', 'app://memo//etc/passwd'],
    ['an end of text', 'app://memo/index.html%00.js'],
    ['a link out of the folder', 'app://memo/link.js'],
    ['a folder', 'app://memo/assets'],
    ['a folder with a slash', 'app://memo/assets/'],
    ['a type that is not served', 'app://memo/assets/notes.txt'],
    ['a file that is not there', 'app://memo/none.js'],
    ['broken encoding', 'app://memo/%zz.js'],
    ['another host', 'app://other/index.html'],
    ['a port', 'app://memo:80/index.html'],
    ['another scheme', 'file:///index.html'],
    ['no address', 'index.html'],
  ])('refuses %s', async (_name, url) => {
    const answer = await ask(url)
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toContain('secret')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test.each(['POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    expect((await ask('app://memo/index.html', method)).status).toBe(405)
  })

  test.each(['stopped', 'missing'])('has a page without script for when screens are %s', async (page) => {
    const answer = await ask(`app://memo/error/${page}.html`)
    const text = await answer.text()
    const nonce = /<style nonce="([^"]+)">/.exec(text)?.[1]
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`)
    expect(text).not.toMatch(/<script|style="|\son\w+=/)
  })
})

describe('the way to pages outside', () => {
  async function open(url: string, agrees = true) {
    const opened: string[] = []
    const asked: string[] = []
    const verdict = await safeOpenExternal(url, {
      open: async (address) => void opened.push(address),
      confirm: async ({ host }) => {
        asked.push(host)
        return agrees
      },
    })
    return { verdict, opened, asked }
  }

  test('opens known hosts at once and asks about others', async () => {
    expect(await open('https://grpc.io/docs/')).toEqual({ verdict: 'opened', opened: ['https://grpc.io/docs/'], asked: [] })
    expect(await open('https://example.org')).toMatchObject({ verdict: 'opened', asked: ['example.org'] })
    expect(await open('https://example.org', false)).toEqual({ verdict: 'declined', opened: [], asked: ['example.org'] })
  })

  test('opens what the parser made of it', async () => {
    expect((await open('HTTPS://GRPC.io/a b"c\n')).opened).toEqual(['https://grpc.io/a%20b%22c'])
  })

  test.each([
    'http://grpc.io',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'app://memo/index.html',
    'smb://host/share',
    'ms-msdt:/id',
    'https://',
    'https://name:word@grpc.io',
    'https://grpc.io@example.org',
    'grpc.io',
    '--help',
    '',
    `https://grpc.io/${'x'.repeat(3_000)}`,
  ])('refuses %s', async (url) => {
    expect(await open(url)).toEqual({ verdict: 'refused', opened: [], asked: [] })
  })

  test('a host that only looks known is asked about', async () => {
    expect((await open('https://grpc.io.example.org')).asked).toEqual(['grpc.io.example.org'])
    expect((await open('https://grpc.io:444')).asked).toEqual(['grpc.io:444'])
  })
})

describe('what a page may ask for', () => {
  test.each([
    ['app://memo/index.html', true],
    ['blob:app://memo/1', true],
    ['data:image/png;base64,x', true],
    ['http://127.0.0.1:7071/', false],
    ['https://example.org/', false],
    ['ws://127.0.0.1/', false],
    ['file:///etc/passwd', false],
    ['devtools://devtools/bundled/x.js', false],
    ['nonsense', false],
  ])('%s: %s', (url, allowed) => {
    expect(isOwnRequest(url, { devTools: false })).toBe(allowed)
  })

  test('developer tools load theirs where they are allowed', () => {
    expect(isOwnRequest('devtools://devtools/bundled/x.js', { devTools: true })).toBe(true)
    expect(isOwnRequest('https://example.org/', { devTools: true })).toBe(false)
  })

  test.each([
    ['clipboard-sanitized-write', 'app://memo', true],
    ['notifications', 'app://memo/', true],
    ['clipboard-read', 'app://memo', false],
    ['media', 'app://memo', false],
    ['geolocation', 'app://memo', false],
    ['openExternal', 'app://memo', false],
    ['notifications', 'https://example.org', false],
    ['notifications', 'app://memo.example.org', false],
    ['notifications', 'null', false],
  ])('permission %s of %s: %s', (permission, origin, allowed) => {
    expect(isAllowedPermission(permission, origin)).toBe(allowed)
  })

  test('an origin that begins like ours is another', () => {
    expect(['app://memo', 'app://memo/', 'app://memo.x', 'app://memox', 'APP://memo', ''].map(isOwnOrigin)).toEqual([
      ...[true, true],
      ...[false, false, false, false],
    ])
  })
})
