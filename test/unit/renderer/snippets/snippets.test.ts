import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { doubleQuoted, singleQuoted } from '../../../../src/renderer/snippets/quote.ts'
import type { SnippetGrpc } from '../../../../src/renderer/snippets/snippets.ts'
import { blockCommand, snippet, snippetLanguages, targetOf } from '../../../../src/renderer/snippets/snippets.ts'
import { shellWord } from '../../../../src/shared/shell-word.ts'

const plain: SnippetGrpc = { host: '127.0.0.1', port: 7070, tls: false, auth: 'none', reflection: true, command: 'memo' }
const guarded: SnippetGrpc = {
  host: '10.0.0.4',
  port: 7443,
  tls: true,
  certificateFile: '/data/my certs/grpc-cert.pem',
  auth: 'token',
  tokenFile: "/data/alice's/grpc-token",
  reflection: false,
  command: "'/home/alice/my memo/bin/memo.js'",
}
const mutual: SnippetGrpc = { ...plain, tls: true, auth: 'mtls', certificateFile: '/ca.pem' }

const awkward = [
  'plain/key-1.json',
  'with space',
  "it's",
  'say "hi"',
  'back\\slash',
  '$HOME `id` $(id) !1',
  'line\nbreak\ttab\u0007bell',
  'ünïcödé 键 \u2028 \u202e',
  '-n',
  '*?[a]{b,c}~#;&|<>',
]

describe('quoting', () => {
  it.each(awkward)('a shell reads %j as one word and unchanged', (text) => {
    expect(execFileSync('bash', ['-c', `printf '%s' x ${shellWord(text)}`], { encoding: 'utf8' })).toBe(`x${text}`)
  })

  it('lets no key out of its word, whatever it holds', () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\0'))
    const texts = fc.sample(key, { numRuns: 60, seed: 7 })
    const out = execFileSync('bash', ['-c', `printf '%s\\0' ${texts.map(shellWord).join(' ')}`], { encoding: 'utf8' })
    expect(out.split('\0').slice(0, -1)).toEqual(texts)
    fc.assert(fc.property(key, (text) => JSON.parse(doubleQuoted(text)) === text))
  })

  it('hides no mark that turns the direction of a line', () => {
    expect(doubleQuoted('a\u202eb\u2028')).toBe('"a\\u202eb\\u2028"')
    expect(singleQuoted('a\u2067b')).toBe("'a\\u2067b'")
  })

  it.each(awkward)('JavaScript reads %j unchanged', (text) => {
    const read = (literal: string): unknown => new Function(`return ${literal}`)()
    expect(read(singleQuoted(text))).toBe(text)
    expect(read(doubleQuoted(text))).toBe(text)
  })

  it.each(awkward)('%j stays on one line and leaves no quote open', (text) => {
    expect(singleQuoted(text)).toMatch(/^'(?:[^'\\\n]|\\.)*'$/)
    expect(doubleQuoted(text)).toMatch(/^"(?:[^"\\\n]|\\.)*"$/)
  })
})

describe('targetOf', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:7070'],
    ['0.0.0.0', '127.0.0.1:7070'],
    ['::', '127.0.0.1:7070'],
    ['::1', '[::1]:7070'],
    ['[fe80::1]', '[fe80::1]:7070'],
    ['node.example.org', 'node.example.org:7070'],
  ])('%s is called at %s', (host, target) => {
    expect(targetOf({ host, port: 7070 })).toBe(target)
  })
})

describe('snippet', () => {
  it.each(snippetLanguages)('%s names this port and this key', (language) => {
    const text = snippet(language, plain, 'orders/1842', 'try')
    expect(text).toContain('127.0.0.1:7070')
    if (language !== 'grpcurl') expect(text).toContain('orders/1842')
    else expect(text).toContain('{"key":"orders/1842"')
  })

  it.each(snippetLanguages)('%s leads to token and certificate where they are needed', (language) => {
    const text = snippet(language, guarded, 'k', 'try')
    expect(text).toContain('10.0.0.4:7443')
    expect(text).toContain('grpc-token')
    expect(text).toContain('/data/my certs/grpc-cert.pem')
    expect(text).not.toMatch(/plaintext|insecure|createInsecure/)
  })

  it.each(snippetLanguages)('%s shows where the certificate of the client goes', (language) => {
    const text = snippet(language, mutual, 'k', 'try')
    expect(text).toContain('client-cert.pem')
    expect(text).toContain('client-key.pem')
  })

  it('is what one would type', () => {
    expect(snippet('cli', plain, "it's", 'try')).toBe(
      [
        "memo kv put --grpc 127.0.0.1:7070 'it'\\''s' hello",
        "memo kv get --grpc 127.0.0.1:7070 'it'\\''s'",
        'memo kv ls --grpc 127.0.0.1:7070',
      ].join('\n'),
    )
    expect(snippet('cli', plain, '-n', 'try')).toContain('-- -n hello')
  })

  it('calls the command line by what works on that computer', () => {
    expect(snippet('cli', guarded, 'a', 'read')).toMatch(/^'\/home\/alice\/my memo\/bin\/memo\.js' kv get /)
    expect(blockCommand(plain, 'ab')).toBe('memo block get --grpc 127.0.0.1:7070 ab')
    expect(blockCommand(guarded, 'ab')).toContain(`--token-file "/data/alice`.replace('"', "'"))
    expect(snippet('grpcurl', plain, 'a"b', 'try')).toContain(
      `grpcurl -plaintext -d '{"key":"a\\"b","value":"aGVsbG8="}' 127.0.0.1:7070 memo.v1.KeyValue/Put`,
    )
  })

  it.each(snippetLanguages)('%s only reads what is there already, where it is told to', (language) => {
    for (const grpc of [plain, guarded, mutual]) {
      const text = snippet(language, grpc, 'orders/1842', 'read')
      expect(text).toMatch(/\bget\b/i)
      expect(text).not.toMatch(/\bput|hello/i)
    }
  })

  it('reads a key in one line of a shell', () => {
    expect(snippet('cli', plain, '-rf', 'read')).toBe('memo kv get --grpc 127.0.0.1:7070 -- -rf')
  })

  it('hands grpcurl the .proto files where reflection is off', () => {
    expect(snippet('grpcurl', plain, 'k', 'try')).not.toContain('-proto')
    expect(snippet('grpcurl', guarded, 'k', 'try')).toContain('-import-path protos -proto memo/v1/key_value.proto')
  })

  const goCases = [plain, guarded, mutual].flatMap((grpc) => (['read', 'try'] as const).map((task) => ({ grpc, task })))
  it.each(goCases)('imports in Go exactly what it uses', ({ grpc, task }) => {
    const text = snippet('go', grpc, 'k', task)
    const imports = [...text.matchAll(/^\t(?:kv )?"([^"]+)"$/gm)].map((match) => match[1] ?? '')
    const body = text.slice(text.indexOf('func must'))
    expect(imports).toContain('fmt')
    for (const path of imports) {
      const name = path === 'example.com/app/memo/v1' ? 'kv' : (path.split('/').at(-1) ?? '')
      expect(body).toMatch(new RegExp(`\\b${name}\\.`))
    }
    const used = new Set(
      [...body.matchAll(/\b(context|tls|x509|fmt|os|strings|credentials|insecure|metadata)\.[A-Z]/g)].map((m) => m[1]),
    )
    for (const name of used) expect(imports.some((path) => path.split('/').at(-1) === name)).toBe(true)
  })
})
