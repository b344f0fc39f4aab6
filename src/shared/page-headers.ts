import { assert } from './assert.ts'

/**
 * The headers of everything that serves the screens: one set for the window of the desktop and for browsers. Scripts come from the
 * own origin only and nothing is evaluated; `nonce`, fresh for each answer, marks the style elements that the editor and the
 * primitives make at run time. The policy `memo` of Trusted Types exists for the addresses of the own workers.
 */
export function pageHeaders(nonce: string): Readonly<Record<string, string>> {
  assert(/^[\w+/-]{22,88}={0,2}$/.test(nonce), 'a nonce has 128 bits and more in base64, and nothing that could end a directive')
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' blob: data:",
      "font-src 'self'",
      "connect-src 'self'",
      "worker-src 'self' blob:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "object-src 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types memo',
    ].join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** Bytes of randomness behind a nonce. */
export const nonceBytes = 16

/** Stands in the built page where its scripts look for the nonce: `<meta name="csp-nonce" content="__NONCE__">`. */
const noncePlaceholder = '__NONCE__'

/** The page as it is sent with the headers of the same nonce. */
export function pageWithNonce(page: string, nonce: string): string {
  return page.replaceAll(noncePlaceholder, nonce)
}
