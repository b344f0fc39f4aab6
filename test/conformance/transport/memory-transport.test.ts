import { MemoryNetwork } from '../../../src/node/adapters/memory-transport/memory-network.ts'
import { MemoryTransport } from '../../../src/node/adapters/memory-transport/memory-transport.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { clock } from './test-peer.ts'
import type { TransportBed } from './transport-suite.ts'
import { describeTransport } from './transport-suite.ts'

function memoryBed(): TransportBed {
  const network = new MemoryNetwork()
  let made = 0
  return {
    make: ({ likeBefore, ...options }) => {
      if (!likeBefore) made += 1
      return new MemoryTransport({ ...options, network, endpoint: `node:${made}`, clock, random: new SystemRandom() })
    },
    vanish: async ({ transport }) => {
      const [endpoint = ''] = transport.listening
      network.vanish(endpoint, { silently: true })
    },
  }
}

describeTransport('memory transport', memoryBed)
