/** The transport between nodes over TLS 1.3, in which both ends present a certificate that is fresh at each start. */
import type { PeerTransportOptions } from '../peer-session/peer-transport.ts'
import { PeerTransport } from '../peer-session/peer-transport.ts'
import type { PeerCertificate } from './tls-links.ts'
import { TlsLinks } from './tls-links.ts'

export interface TlsTransportOptions extends PeerTransportOptions {
  /** `host:port`, each; port 0 takes any that is free. None: this end dials only. */
  readonly listen: readonly string[]
  /** Called at the start. */
  readonly makeCertificate: () => PeerCertificate
}

export class TlsTransport extends PeerTransport {
  constructor(options: TlsTransportOptions) {
    super(options, new TlsLinks(options))
  }
}
