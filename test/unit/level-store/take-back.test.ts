import { expect, test } from 'vitest'
import { takeBack } from '../../../src/node/adapters/level-store/journal/take-back.ts'
import { MemoryFiles } from './memory-files.ts'

const path = '/journal/1.seg'
const from = 100

/** A file whose write of 20 000 bytes ended after some of them. */
async function halfWritten(writtenBytes: number) {
  const memory = new MemoryFiles()
  const contents = Buffer.alloc(40_000)
  contents.fill(1, 0, from)
  contents.fill(2, from, from + writtenBytes)
  contents.fill(3, 30_000)
  memory.contents.set(path, contents)
  return { memory, file: await memory.files.open(path, 'write') }
}

const buffers = [Buffer.alloc(15_000, 2), Buffer.alloc(5000, 2)]

test.each([0, 1, 4096, 9999, 20_000])(
  '%d bytes of a write that found no room are taken back, and nothing else',
  async (writtenBytes) => {
    const { memory, file } = await halfWritten(writtenBytes)
    expect(await takeBack(file, buffers, from)).toBe(true)
    const left = memory.contents.get(path) ?? Buffer.alloc(0)
    expect(left.subarray(0, from).every((byte) => byte === 1)).toBe(true)
    expect(left.subarray(from, 30_000).every((byte) => byte === 0)).toBe(true)
    expect(left.subarray(30_000).every((byte) => byte === 3)).toBe(true)
  },
)

test('bytes that stay because not even zeros find room are told, and other errors are thrown', async () => {
  const refusing = async (code: string) => {
    const { file } = await halfWritten(5000)
    return { ...file, write: () => Promise.reject(Object.assign(new Error(code), { code })) }
  }
  expect(await takeBack(await refusing('ENOSPC'), buffers, from)).toBe(false)
  await expect(takeBack(await refusing('EIO'), buffers, from)).rejects.toMatchObject({ code: 'EIO' })
})
