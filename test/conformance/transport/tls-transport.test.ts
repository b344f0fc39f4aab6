import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { RelayedTransport } from './relay.ts'
import { testCertificate } from './test-certificate.ts'
import { clock } from './test-peer.ts'
import type { TransportBed } from './transport-suite.ts'
import { describeTransport } from './transport-suite.ts'

/** Nodes are reached over relays, which can fall silent as a machine without power does. */
function tlsBed(): TransportBed {
  let last: RelayedTransport | undefined
  return {
    make: ({ likeBefore, ...options }) => {
      const listen = [likeBefore && last !== undefined ? last.direct : '127.0.0.1:0']
      last = new RelayedTransport({ ...options, clock, random: new SystemRandom(), listen, makeCertificate: testCertificate })
      return last
    },
    vanish: async ({ transport }) => {
      if (!(transport instanceof RelayedTransport)) throw new Error('every node has a relay')
      await transport.vanish()
    },
  }
}

describeTransport('TLS transport', tlsBed)
