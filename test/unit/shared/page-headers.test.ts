import { expect, test } from 'vitest'
import { fileStepsOf, fileTypeOf } from '../../../src/shared/file-types.ts'
import { pageHeaders, pageWithNonce } from '../../../src/shared/page-headers.ts'

const nonce = 'MDEyMzQ1Njc4OWFiY2RlZg=='

test('the policy allows the own origin and the nonce, and nothing that is evaluated', () => {
  const headers = pageHeaders(nonce)
  const policy = new Map(
    headers['Content-Security-Policy']?.split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ')
      return [name, sources.join(' ')]
    }),
  )
  expect(Object.fromEntries(policy)).toEqual({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': `'self' 'nonce-${nonce}'`,
    'img-src': "'self' blob: data:",
    'font-src': "'self'",
    'connect-src': "'self'",
    'worker-src': "'self' blob:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'object-src': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': 'memo',
  })
  expect(headers).toMatchObject({
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
  })
})

test.each(['', 'short', `${nonce}'; script-src *`, `${nonce}\r\nX: y`, 'a'.repeat(200)])(
  'no header is made of the nonce %j',
  (bad) => {
    expect(() => pageHeaders(bad)).toThrow('nonce')
  },
)

test('a page gets the nonce of its headers', () => {
  expect(pageWithNonce('<meta name="csp-nonce" content="__NONCE__">', nonce)).toBe(`<meta name="csp-nonce" content="${nonce}">`)
})

test.each([
  ['/index.html', ['index.html']],
  ['/assets/main-Bx_1-z.js', ['assets', 'main-Bx_1-z.js']],
  ['/assets%2Fmain.js', ['assets', 'main.js']],
])('%s is a file of the build', (path, steps) => {
  expect(fileStepsOf(path)).toEqual(steps)
})

test.each([
  '',
  '/',
  'index.html',
  '//index.html',
  '/../package.json',
  '/assets/../../package.json',
  '/%2e%2e/package.json',
  '/%2e%2e%2fpackage.json',
  '/..%5c..%5cpackage.json',
  '/assets\\..\\..\\package.json',
  '/%252e%252e/package.json',
  '/assets/./main.js',
  '/.env',
  '/a/.git/config',
  '/index.html%00.js',
  '/index.html\0',
  '/%c0%ae%c0%ae/package.json',
  '/%',
  '/C:/windows/win.ini',
  '/index.html::$DATA',
  '/assets/',
  '/a b.js',
  '/x...js',
])('%j names no file of the build', (path) => {
  expect(fileStepsOf(path)).toBeUndefined()
})

test('only types of a build have one', () => {
  expect(fileTypeOf('assets/a.js')).toBe('text/javascript; charset=utf-8')
  expect(fileTypeOf('a.woff2')).toBe('font/woff2')
  for (const path of ['a', 'a.exe', 'a.JS', 'js', 'a.js/']) expect(fileTypeOf(path)).toBeUndefined()
})
