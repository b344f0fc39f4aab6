import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GrpcInfo } from '../../../../src/ipc/contract/status-schemas.ts'
import {
  jsonQuote,
  shellQuote,
  snippetLanguages,
  snippetOf,
} from '../../../../src/renderer/features/keys/inspector/code-snippets.ts'

const info: GrpcInfo = {
  address: '127.0.0.1:7070',
  host: '127.0.0.1',
  port: 7070,
  tls: false,
  auth: 'none',
  reflection: true,
  services: [],
}

const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.replaceAll('\0', ''))
const nasty = ["it's", '$(rm -rf ~)', '`id`', '"', 'a\nb', "a\\'b\tc", '-rf', '!1', '\u202ex', 'é🍊']

describe('shellQuote', () => {
  it('reaches the program as it is, whatever it holds', () => {
    const texts = [...nasty, ...fc.sample(key, { numRuns: 60, seed: 7 })].filter((text) => text !== '')
    const words = texts.map(shellQuote).join(' ')
    const out = execFileSync('bash', ['-c', `printf '%s\\0' ${words}`], { encoding: 'utf8' })
    expect(out.split('\0').slice(0, -1)).toEqual(texts)
  })
})

describe('jsonQuote', () => {
  it('means the text in JavaScript, and hides no direction mark', () => {
    fc.assert(
      fc.property(key, (text) => {
        expect(JSON.parse(jsonQuote(text))).toBe(text)
      }),
    )
    expect(jsonQuote('a\u202eb\u2028')).toBe('"a\\u202eb\\u2028"')
  })
})

describe('snippetOf', () => {
  it('names the key and the address in every language', () => {
    for (const language of snippetLanguages) {
      const text = snippetOf(language, 'orders/1', { ...info, address: '127.0.0.1:7999' })
      expect(text).toContain('orders/1')
      expect(text).toContain('127.0.0.1:7999')
    }
  })

  it('lets no key out of its quotes', () => {
    expect(snippetOf('cli', '-rf', info)).toBe('memo kv get -- -rf')
    expect(snippetOf('cli', "it's", info)).toBe("memo kv get 'it'\\''s'")
    expect(snippetOf('grpcurl', "it's", info)).toContain(`'{"key":"it'\\''s"}'`)
    expect(snippetOf('python', 'a"b\n', info)).toContain('key="a\\"b\\n"')
  })

  it('says how to reach a node with TLS and a token', () => {
    const safe = {
      ...info,
      tls: true,
      certificateFile: '/data/grpc-cert.pem',
      auth: 'token' as const,
      tokenFile: '/data/grpc-token',
    }
    expect(snippetOf('cli', 'a', safe)).toBe('memo kv get --tls --tls-ca /data/grpc-cert.pem --token-file /data/grpc-token a')
    for (const language of snippetLanguages) expect(snippetOf(language, 'a', safe)).toContain('/data/grpc-token')
    expect(snippetOf('go', 'a', safe)).toContain('NewClientTLSFromFile("/data/grpc-cert.pem", "")')
  })
})
