import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP, isIPv4, SocketAddress } from 'node:net'

/** A certificate that vouches for itself, and its key, in PEM. */
export interface MadeCertificate {
  readonly certificatePem: string
  readonly keyPem: string
}

/**
 * A P-256 key and an X.509 certificate (RFC 5280) signed by that same key for these DNS names and IP addresses. It never expires:
 * whoever trusts it was given this very file, so its age says nothing.
 */
export function makeCertificate(names: readonly string[]): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signatureAlgorithm = sequence(objectId('2a8648ce3d040302')) // ecdsa-with-SHA256
  const name = sequence(set(sequence(objectId('550403'), utf8('memo')))) // CN=memo
  const version3 = tagged(0xa0, integer(Buffer.from([2])))
  const body = sequence(
    version3,
    integer(serialNumber()),
    signatureAlgorithm,
    name,
    sequence(time('20200101000000Z'), time('99991231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(names))),
  )
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' })
  return {
    certificatePem: pem(sequence(body, signatureAlgorithm, bitString(signature))),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function extensions(names: readonly string[]): Buffer[] {
  const critical = tagged(0x01, Buffer.from([0xff]))
  const keyUsage = tagged(0x03, Buffer.from([0x07, 0x80])) // digitalSignature
  const serverAuth = objectId('2b06010505070301')
  const clientAuth = objectId('2b06010505070302')
  return [
    sequence(objectId('551d13'), critical, octets(sequence())), // basicConstraints: not an authority
    sequence(objectId('551d0f'), critical, octets(keyUsage)),
    sequence(objectId('551d25'), octets(sequence(serverAuth, clientAuth))), // extKeyUsage
    sequence(objectId('551d11'), octets(sequence(...names.map(alternativeName)))), // subjectAltName
  ]
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 0 ? tagged(0x82, Buffer.from(name, 'latin1')) : tagged(0x87, addressBytes(name))
}

/** 4 or 16 bytes. */
function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number))
  const [head = '', tail] = new SocketAddress({ address: text, family: 'ipv6' }).address.split('::')
  const groups = (part: string): number[] =>
    part.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)]))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const whole = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  return Buffer.from(whole.flatMap((group) => [group >> 8, group & 0xff]))
}

/** Positive and without a leading zero byte. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, ...parts)
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function octets(bytes: Buffer): Buffer {
  return tagged(0x04, bytes)
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes)
}

function utf8(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text))
}

function time(text: string): Buffer {
  // Dates before 2050 are written with two digits of the year (RFC 5280, 4.1.2.5).
  return text < '2050' ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text))
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
