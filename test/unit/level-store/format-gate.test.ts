import { expect, test, vi } from 'vitest'
import { FormatGate } from '../../../src/node/adapters/level-store/format-gate.ts'
import type { RecordFamily } from '../../../src/node/ports/record-store.ts'

const frame = (...families: readonly RecordFamily[]) => ({ writes: families.map((family) => ({ family })) })
const full = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))

test('the first frame of a later family raises the format, once', async () => {
  const raise = vi.fn(async () => undefined)
  const gate = new FormatGate({ format: 1, raise, giveUpReserve: async () => undefined })
  expect(gate.cover([frame('local', 'content', 'block', 'entry', 'outcome', 'collect', 'tombstone')])).toBeUndefined()
  expect(raise).not.toHaveBeenCalled()
  expect(await gate.cover([frame('entry'), frame('entry', 'vote')])).toBeUndefined()
  expect(raise).toHaveBeenCalledTimes(1)
  expect(gate.cover([frame('accepted')])).toBeUndefined()
  expect(raise).toHaveBeenCalledTimes(1)
})

test('a directory of the newest format passes everything', () => {
  const raise = vi.fn(async () => undefined)
  const gate = new FormatGate({ format: 2, raise, giveUpReserve: async () => undefined })
  expect(gate.cover([frame('vote', 'accepted')])).toBeUndefined()
  expect(raise).not.toHaveBeenCalled()
})

test('on a full disk the reserve is given up for it, and without room even then it is tried again later', async () => {
  const raise = vi.fn(async () => undefined).mockImplementationOnce(full)
  const giveUpReserve = vi.fn(async () => undefined)
  const gate = new FormatGate({ format: 1, raise, giveUpReserve })
  expect(await gate.cover([frame('vote')])).toBeUndefined()
  expect(giveUpReserve).toHaveBeenCalledTimes(1)
  expect(raise).toHaveBeenCalledTimes(2)

  const never = new FormatGate({ format: 1, raise: full, giveUpReserve })
  for (let times = 0; times < 2; times++) expect(await never.cover([frame('vote')])).toMatchObject({ code: 'storage-full' })
})

test('a failure that does not pass by itself is passed on', async () => {
  const broken = () => Promise.reject(Object.assign(new Error('broken'), { code: 'EIO' }))
  const gate = new FormatGate({ format: 1, raise: broken, giveUpReserve: async () => undefined })
  await expect(gate.cover([frame('vote')])).rejects.toMatchObject({ code: 'EIO' })
})
