import { makeCertificate } from '../../adapters/tls-certificate/make-certificate.ts'
import { TlsTransport } from '../../adapters/tls-transport/tls-transport.ts'
import type { HostPort } from '../../config/host-port.ts'
import { hostPortText, parseHostPort } from '../../config/host-port.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { Transport, TransportEvents } from '../../ports/transport.ts'
import { advertisedEndpoints } from './advertised-endpoints.ts'

export interface PeerTransportParts {
  readonly nodeId: Uint8Array
  /** Undefined on a node that dials others and is dialled by none. */
  readonly listen: HostPort | undefined
  readonly clock: Clock
  readonly random: Random
  readonly limits: Limits
  readonly events: TransportEvents
}

/** The way to other nodes: TLS 1.3 with a certificate that lives as long as the process. */
export function peerTransport({ listen, ...parts }: PeerTransportParts): Transport {
  return new TlsTransport({
    ...parts,
    listen: listen === undefined ? [] : [hostPortText(listen)],
    makeCertificate: () => {
      const { certificatePem: cert, keyPem: key } = makeCertificate([])
      return { cert, key }
    },
  })
}

/** What others are told to reach this node by, of where it listens. */
export function advertisedOf(advertise: readonly string[]): (listening: readonly string[]) => readonly string[] {
  return (listening) => {
    const bound = listening.map(parseHostPort).find((each) => each !== undefined)
    return bound === undefined ? advertise : advertisedEndpoints(advertise, bound)
  }
}
