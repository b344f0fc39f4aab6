import { hostname } from 'node:os'
import { CodedError } from '../../../shared/coded-error.ts'
import { keepFlags } from '../../config/keep-flags.ts'
import { loadNodeConfig } from '../../config/load-node-config.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import { toHex } from '../../core/base/bytes.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import { textBytesLength } from '../../core/base/text.ts'
import { machineNameBytesMax } from '../../core/overlay/join-messages.ts'
import { joinNetwork } from '../../engine/network/join-network.ts'
import { makeNodeKeys } from '../../engine/network/node-keys.ts'
import type { TransportEvents } from '../../ports/transport.ts'
import type { CliIo } from '../cli-io.ts'
import { createOutput } from '../cli-output.ts'
import { advertisedEndpoints } from '../run/advertised-endpoints.ts'
import { openCommandStore } from '../run/command-store.ts'
import { peerTransport } from '../run/peer-transport.ts'
import { silentLogger } from '../silent-logger.ts'
import type { NetworkFlags } from './network-settings.ts'
import { assertKeepable, keptText, runCommandText } from './network-settings.ts'
import { configInput } from './setting-options.ts'

export interface JoinFlags extends NetworkFlags {
  readonly name?: string
  readonly json?: boolean
}

const silentEvents: TransportEvents = {
  sessionBegan: () => undefined,
  sessionEnded: () => undefined,
  helloRefused: () => undefined,
  dialFailed: () => undefined,
  messageDropped: () => undefined,
}

/** `memo cluster join`: makes an empty data directory that of a node of the network that a link invites to, and keeps its settings there. */
export async function joinCluster(link: string, { name, json, ...settings }: JoinFlags, io: CliIo): Promise<void> {
  const output = createOutput(io, json === true)
  const loaded = loadNodeConfig(configInput(settings, io))
  const { config } = loaded
  await assertKeepable(loaded)
  const { store, ...adapters } = await openCommandStore(config, io)
  await using _store = store
  const { clock, random, crypto } = adapters
  // Made here where there is none, and taken up again by the join: the transport has to know who it speaks for.
  const { node } = await makeNodeKeys(adapters)
  const nodeId = nodeIdOf(crypto, node.publicKey)
  const parts = { nodeId, clock, random, limits: defaultLimits, events: silentEvents }
  await using transport = peerTransport({ ...parts, listen: undefined })
  const options = {
    link,
    machineName: machineNameOf(name ?? hostname()),
    // A free port is chosen when the node runs, and told then.
    endpoints:
      config.listen === undefined || config.listen.port === 0 ? [] : advertisedEndpoints(config.advertise, config.listen),
    zone: config.zone ?? '',
    labels: config.labels,
    software: io.version,
  }
  const ports = { ...adapters, store, logger: silentLogger, transport, limits: defaultLimits }
  // Before the invite is spent: a file that cannot be written stops what can still be repeated.
  const kept = await keepFlags(loaded)
  const { networkName, networkId } = await joinNetwork(ports, options, io.signal).catch(async (error: unknown) => {
    await kept.undo().catch(() => undefined) // that there is no network is what is told
    throw error
  })
  const others = config.listen === undefined ? ' --listen HOST:PORT' : ''
  const text =
    `Joined the network ${networkName} (${toHex(networkId)}). ${keptText(kept, loaded)}` +
    `Start this node with "${runCommandText(loaded)}${others}": it fetches its share then.`
  await output.result(text, {
    ...{ network: networkName, networkId: toHex(networkId), nodeId: toHex(nodeId), data: config.data },
    kept: [...kept.names],
  })
}

function machineNameOf(name: string): string {
  if (textBytesLength(name) <= machineNameBytesMax) return name
  throw new CodedError('invalid-argument', `the name of a machine has at most ${machineNameBytesMax} bytes`)
}
