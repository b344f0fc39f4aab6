import { wireLimits } from '../../../ipc/contract/wire-limits.ts'

export type KeyProblem =
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-long'; readonly bytes: number }
  /** Half of a character: there is no UTF-8 for it. */
  | { readonly kind: 'not-text' }

export type KeyHint = 'control' | 'end-space' | 'folder-like' | 'leading-delimiter' | 'double-delimiter'

const encoder = new TextEncoder()

export function keyBytes(key: string): number {
  return encoder.encode(key).length
}

/** What the node would refuse. */
export function keyProblem(key: string): KeyProblem | undefined {
  if (key === '') return { kind: 'empty' }
  if (!key.isWellFormed()) return { kind: 'not-text' }
  const bytes = keyBytes(key)
  return bytes > wireLimits.keyBytesMax ? { kind: 'too-long', bytes } : undefined
}

/** What is allowed and seldom meant. */
export function keyHints(key: string, delimiter: string): KeyHint[] {
  const hints: KeyHint[] = []
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(key)) hints.push('control')
  if (/^\s|\s$/u.test(key)) hints.push('end-space')
  if (delimiter !== '') {
    if (key.endsWith(delimiter)) hints.push('folder-like')
    if (key.startsWith(delimiter)) hints.push('leading-delimiter')
    if (key.includes(delimiter + delimiter)) hints.push('double-delimiter')
  }
  return hints
}
