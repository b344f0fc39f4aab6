import { KeyValue } from '../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import { connect } from '../../src/node/cli/client/grpc-connection.ts'
import { parseHostPort } from '../../src/node/config/host-port.ts'
import { doctorOf } from '../integration/node/node-health.ts'
import { ClusterClient } from './cluster-client.ts'
import type { ClusterLoad } from './cluster-load.ts'
import type { ClusterMember } from './process-cluster.ts'

/** Reads every key through each node, into the history of the load. What was refused is in the answer. */
export async function readEverywhere(load: ClusterLoad, members: readonly ClusterMember[]): Promise<readonly string[]> {
  const refused: string[] = []
  for (const { grpc } of members) {
    using client = new ClusterClient({ addresses: [grpc], history: load.history, patienceMs: 30_000 })
    for (const key of load.keys) {
      const answer = await client.read(key)
      if (typeof answer === 'string') refused.push(`${key} at ${grpc}: ${answer}`)
    }
  }
  return refused
}

/** Keys, versions and values as a node lists them. */
export async function listedAt({ grpc }: ClusterMember): Promise<ReadonlyMap<string, string>> {
  const address = parseHostPort(grpc)
  if (address === undefined) throw new Error(`${grpc} is no address`)
  using connection = connect({ address, token: undefined, tls: undefined, timeoutMs: 30_000 })
  const found = new Map<string, string>()
  let pageToken: Uint8Array = new Uint8Array(0)
  do {
    const page = await connection.unary(KeyValue.method.list, { withValues: true, pageToken })
    if (page.incomplete || page.unreadable.length > 0) throw new Error(`${grpc} cannot read all of its keys`)
    for (const { metadata, value } of page.items) {
      found.set(metadata?.key ?? '', `${metadata?.version} ${new TextDecoder().decode(value)}`)
    }
    pageToken = page.nextPageToken
  } while (pageToken.length > 0)
  return found
}

/** Stops the nodes, and says what `memo doctor` finds wrong in their directories. */
export async function faultsAtRest(members: readonly ClusterMember[]): Promise<readonly string[]> {
  const faults: string[] = []
  for (const member of members) {
    const code = member.isUp ? await member.terminate() : 0
    if (code !== 0) faults.push(`${member.data} ended with ${code}`)
    const { red } = await doctorOf(member.data)
    faults.push(...red.map((each) => `${member.data}: ${each}`))
  }
  return faults
}
