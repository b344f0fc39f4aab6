import { createHash, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** What both ends speak over TLS: other versions have another name. */
export const peerProtocol = 'memo-peer/1'

/** SHA-256 of the SPKI: what a hello binds itself to. */
function channelOf(certificate: X509Certificate): Uint8Array {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return new Uint8Array(createHash('sha256').update(key).digest())
}

export function channelOfPem(certificatePem: string): Uint8Array {
  return channelOf(new X509Certificate(certificatePem))
}

/**
 * The channel of the other end; undefined where the connection is not what two nodes make of each other: without a certificate, which TLS
 * lets pass, of another protocol, or resumed from an earlier one, whose keys nobody proved anew.
 */
export function peerChannelOf(socket: TLSSocket): Uint8Array | undefined {
  if (socket.alpnProtocol !== peerProtocol || socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) return undefined
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined || certificate.publicKey.asymmetricKeyType !== 'ec' ? undefined : channelOf(certificate)
}
