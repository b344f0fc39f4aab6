import { describe, expect, test } from 'vitest'
import type { Transport } from '../../../src/node/ports/transport.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { changedLink } from './changed-link.ts'

/** Asks to join, and does something else with the answer each time, in order; then nothing. */
function joiningThrough(...turns: readonly ((answer: Uint8Array) => Uint8Array)[]) {
  const left = [...turns]
  return (transport: Transport): Transport => {
    const asked = transport.askToJoin.bind(transport)
    transport.askToJoin = async (...args) => {
      const answer = await asked(...args)
      return left.shift()?.(answer) ?? answer
    }
    return transport
  }
}
const lost = (): never => {
  throw new CodedError('unavailable', 'the connection broke')
}
const filled = (length: number) => new Uint8Array(length).fill(7)

async function founded(): Promise<MemoryCluster> {
  const cluster = new MemoryCluster()
  await cluster.add('node-1').start()
  return cluster
}

describe('a node that is invited', () => {
  test('joins, and knows the network at its first start', async () => {
    await using cluster = await founded()
    const joined = await cluster.grow('node-2')
    await cluster.settled()
    const { nodes, networkId, networkName } = joined.node.cluster.status()
    expect(nodes.map(({ state }) => state)).toEqual(['alive', 'alive'])
    expect({ networkId, networkName }).toEqual({ networkId: cluster.at(0).node.status().identity.networkId, networkName: 'test' })
    expect(joined.refusedHellos).toEqual([])
  })

  test('uses an invite up, and the next one is refused without a trace', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite({ uses: 1, validityMs: 60_000 })
    const [second, third] = [cluster.add('node-2'), cluster.add('node-3')]
    await second.join(link)
    const { epoch } = cluster.at(0)
    expect(await third.codeOf(third.join(link))).toBe('permission-denied')
    expect(cluster.at(0).epoch).toBe(epoch)
    await third.join(await cluster.at(0).invite())
    expect(cluster.at(0).epoch).toBe(epoch + 1)
  })

  test('whose answer was lost asks again and spends nothing', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite({ uses: 1, validityMs: 60_000 })
    const second = cluster.add('node-2', { wrapTransport: joiningThrough(lost) })
    expect(await second.codeOf(second.join(link))).toBe('unavailable')
    const { epoch } = cluster.at(0)
    await second.join(link)
    expect(cluster.at(0).epoch).toBe(epoch)
    await second.start()
    await cluster.settled()
  })

  test('is refused with another token, and when the time of the invite is over', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite({ uses: 1, validityMs: 60_000 })
    const second = cluster.add('node-2')
    expect(await second.codeOf(second.join(changedLink(link, { token: filled(16) })))).toBe('permission-denied')
    await cluster.pass(60_000)
    expect(await second.codeOf(second.join(link))).toBe('permission-denied')
    await second.join(await cluster.at(0).invite())
  })

  test('finds nobody with a link of another network, or of another inviter at this address', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite()
    const second = cluster.add('node-2')
    expect(await second.codeOf(second.join(changedLink(link, { networkId: filled(32) })))).toBe('unavailable')
    expect(await second.codeOf(second.join(changedLink(link, { inviter: filled(32) })))).toBe('unavailable')
    await second.join(link)
  })

  test('keeps nothing of an answer that is not good', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite({ uses: 2, validityMs: 60_000 })
    const second = cluster.add('node-2', {
      wrapTransport: joiningThrough(
        () => filled(100),
        (answer) => answer.map((byte, index) => (index === answer.length - 1 ? byte ^ 1 : byte)),
      ),
    })
    expect(await second.codeOf(second.join(link))).toBe('signature-invalid')
    expect(await second.codeOf(second.join(link))).toBe('signature-invalid')
    await second.join(link)
    await second.start()
  })

  test('does not join with a directory that belongs to a network', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite()
    const [second, founder] = [cluster.add('node-2'), cluster.add('node-3')]
    await second.join(link)
    expect(await second.codeOf(second.join(link))).toBe('invalid-argument')
    await founder.start()
    await founder.stop()
    expect(await founder.codeOf(founder.join(link))).toBe('invalid-argument')
  })

  test('founds no network of its own where it was not admitted', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite()
    const second = cluster.add('node-2')
    expect(await second.codeOf(second.join(changedLink(link, { token: filled(16) })))).toBe('permission-denied')
    expect(await second.codeOf(second.start())).toBe('config-invalid')
    await second.join(link)
    await second.start()
    await cluster.settled()
    expect(second.node.status().identity.networkId).toEqual(cluster.at(0).node.status().identity.networkId)
  })

  test('is not admitted with the key of another node', async () => {
    await using cluster = await founded()
    const link = await cluster.at(0).invite()
    const [second, twin] = [cluster.add('node-2'), cluster.add('node-3')]
    await second.join(link)
    for (const [name, secret] of second.vault.keys) twin.vault.keys.set(name, secret)
    expect(await twin.codeOf(twin.join(link))).toBe('permission-denied')
  })

  test('is invited by any node that was', async () => {
    await using cluster = await founded()
    const second = await cluster.grow('node-2')
    await cluster.settled()
    const third = cluster.add('node-3')
    await third.join(await second.invite())
    await third.start()
    await cluster.settled()
    await third.put('key', 'value')
    expect(await cluster.at(0).get('key')).toBe('value')
    expect(cluster.nodes.flatMap(({ refusedHellos }) => refusedHellos)).toEqual([])
  })
})
