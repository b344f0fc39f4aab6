import { describe, expect, test } from 'vitest'
import { call, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

describe('a first start', () => {
  test('makes a network with a default store that serves at once', async () => {
    const world = await NodeWorld.start()
    const { node } = world
    expect(node.status()).toMatchObject({ state: 'running', keys: 0, identity: { networkName: 'test', bootCount: 1 } })
    const put = await node.keyValues.put('', 'key', text('value'), { precondition: { kind: 'any' } }, call)
    expect(put.kind).toBe('done')
    expect((await node.keyValues.get('', 'key', {}, call))?.value).toEqual(text('value'))
    expect(await node.verify()).toMatchObject({ findings: [] })
    await node.stop()
  })
})
