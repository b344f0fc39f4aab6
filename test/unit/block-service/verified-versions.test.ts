import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { VerifiedVersions } from '../../../src/node/engine/block/verified-versions.ts'
import { noise } from '../../support/key-value-world.ts'

describe('versions that were verified', () => {
  const crypto = new NodeCrypto({ verifyKeysMax: 2 })
  const record = (seed: number) => noise(40, seed)

  /** How many signatures were looked at, and what was answered. */
  function asked(versions: VerifiedVersions, seeds: readonly number[], answer: boolean) {
    let looks = 0
    const look = () => {
      looks++
      return answer
    }
    const answers = seeds.map((seed) => versions.holds(record(seed), look))
    return { looks, answers }
  }

  test('are looked at once', () => {
    const versions = new VerifiedVersions(crypto, 10)
    expect(asked(versions, [1, 1, 2, 1], true)).toEqual({ looks: 2, answers: [true, true, true, true] })
  })

  test('are not remembered where they did not hold', () => {
    const versions = new VerifiedVersions(crypto, 10)
    expect(asked(versions, [1, 1], false)).toEqual({ looks: 2, answers: [false, false] })
    expect(asked(versions, [1], true)).toEqual({ looks: 1, answers: [true] })
  })

  test('are as many as the limit says, the latest used ones', () => {
    const versions = new VerifiedVersions(crypto, 2)
    expect(asked(versions, [1, 2, 1, 3], true).looks).toBe(3)
    expect(asked(versions, [1], true).looks).toBe(0)
    expect(asked(versions, [2], true).looks).toBe(1)
  })
})
