import { CodedError } from '../../../shared/coded-error.ts'
import { PromMeter } from '../../adapters/prom-meter/prom-meter.ts'
import { createNode } from '../../compose-node.ts'
import { keepFlags } from '../../config/keep-flags.ts'
import { loadNodeConfig } from '../../config/load-node-config.ts'
import { networkNameBytesMax } from '../../core/access/network-descriptor.ts'
import { toHex } from '../../core/base/bytes.ts'
import { textBytesLength } from '../../core/base/text.ts'
import { joiningEnded, readJoining, readNetworkRecord } from '../../engine/network/network-record.ts'
import { replicationFactor } from '../../engine/network/network-view.ts'
import type { CliIo } from '../cli-io.ts'
import { createOutput } from '../cli-output.ts'
import { openCommandStore } from '../run/command-store.ts'
import { silentLogger } from '../silent-logger.ts'
import type { NetworkFlags } from './network-settings.ts'
import { assertKeepable, keptText, runCommandText } from './network-settings.ts'
import { configInput } from './setting-options.ts'

export interface CreateFlags extends NetworkFlags {
  readonly replication: string
  readonly json?: boolean
}

/** `memo cluster create`: founds a network in an empty data directory, and keeps its settings there. One that has a network keeps it. */
export async function createCluster(name: string, { replication, json, ...settings }: CreateFlags, io: CliIo): Promise<void> {
  assertName(name)
  if (replication !== String(replicationFactor)) {
    const text = `a network of this version keeps ${replicationFactor} copies of every block, and no other number`
    throw new CodedError('invalid-argument', `--replication ${replication}: ${text}`)
  }
  const output = createOutput(io, json === true)
  const loaded = loadNodeConfig(configInput(settings, io))
  const { config } = loaded
  await assertKeepable(loaded)
  const { store, ...adapters } = await openCommandStore(config, io)
  const meter = new PromMeter({ processMetrics: false })
  const description = { software: io.version, zone: config.zone ?? '', labels: config.labels }
  // It owns the store, and closes it whatever happens.
  await using node = createNode({ networkName: name, description }, { ...adapters, store, logger: silentLogger, meter })
  const founded = (await readNetworkRecord(store)) === undefined
  // Whoever founds a network here has given up joining another one.
  if (founded && (await readJoining(store)) !== undefined) await store.commit([joiningEnded], { space: 'reserve' })
  await node.start(io.signal)
  const { networkName, networkId, nodeId } = node.status().identity
  if (networkName !== name) {
    const text = `${config.data} belongs to the network "${networkName}" already, and a network keeps its name; nothing was changed`
    throw new CodedError('invalid-argument', text)
  }
  const kept = await keepFlags(loaded)
  const others = config.listen === undefined ? ', and with --listen HOST:PORT for other nodes' : ''
  const next = `${keptText(kept, loaded)}Start its node with "${runCommandText(loaded)}"${others}.`
  const text = founded
    ? `Founded the network ${name} (${toHex(networkId)}). ${next}`
    : `${config.data} is of the network ${name} (${toHex(networkId)}) already: it stays as it is. ${next}`
  await output.result(text, {
    ...{ network: name, networkId: toHex(networkId), nodeId: toHex(nodeId), founded, data: config.data },
    kept: [...kept.names],
  })
}

function assertName(name: string): void {
  if (name.trim() === '' || /[\p{Cc}\p{Bidi_Control}]/u.test(name)) {
    throw new CodedError('invalid-argument', 'the name of a network is a text without control characters')
  }
  if (textBytesLength(name) <= networkNameBytesMax) return
  throw new CodedError('invalid-argument', `the name of a network has at most ${networkNameBytesMax} bytes`)
}
