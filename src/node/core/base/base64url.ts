/**
 * Base64url without padding (RFC 4648, section 5) in pure code.
 *
 * Invariant: bytes and text stand for each other one to one; text with other characters, of an impossible length or with bits that
 * belong to no byte is refused.
 */

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const valueOfDigit: ReadonlyMap<string, number> = new Map(Array.from(digits, (digit, value) => [digit, value]))

export function toBase64url(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let rest = 0
  for (const byte of bytes) {
    rest = (rest << 8) | byte
    bits += 8
    while (bits >= 6) {
      bits -= 6
      text += digits.charAt(rest >> bits)
      rest &= (1 << bits) - 1
    }
  }
  return bits === 0 ? text : text + digits.charAt(rest << (6 - bits))
}

export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8))
  let length = 0
  let bits = 0
  let rest = 0
  for (const digit of text) {
    const value = valueOfDigit.get(digit)
    if (value === undefined) return undefined
    rest = (rest << 6) | value
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[length++] = rest >> bits
    rest &= (1 << bits) - 1
  }
  return bits < 6 && rest === 0 ? bytes : undefined
}
