import type { NetworkInterfaceInfo } from 'node:os'
import { networkInterfaces } from 'node:os'
import type { HostPort } from '../../config/host-port.ts'
import { hostPortText } from '../../config/host-port.ts'

type Interfaces = Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>[] | undefined>>

/**
 * What other nodes are told to reach this one by. `bound`: where it listens, with the port that the system gave. Where that is every
 * address, the first one of this computer that others could mean stands for it: of IPv4 before IPv6, no loopback and none of a single link.
 */
export function advertisedEndpoints(
  advertise: readonly string[],
  bound: HostPort,
  interfaces: Interfaces = networkInterfaces(),
): readonly string[] {
  if (advertise.length > 0) return advertise
  const everyFamily = bound.host === '::'
  if (!everyFamily && bound.host !== '0.0.0.0') return [hostPortText(bound)]
  const outer = Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .filter(({ address, internal }) => !internal && !address.startsWith('fe80:') && !address.startsWith('169.254.'))
  const first =
    outer.find(({ family }) => family === 'IPv4') ?? (everyFamily ? outer.find(({ family }) => family === 'IPv6') : undefined)
  return [hostPortText({ host: first?.address ?? '127.0.0.1', port: bound.port })]
}
