import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { HostTrap } from './host-trap.ts'

let trap: HostTrap | undefined
afterEach(() => {
  trap?.[Symbol.dispose]()
  trap = undefined
})

test.each<[string, () => unknown]>([
  ['Date.now', () => Date.now()],
  ['new Date', () => new Date()],
  ['performance.now', () => performance.now()],
  ['globalThis.setTimeout', () => setTimeout(() => undefined, 0)],
  ['Math.random', () => Math.random()],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(4))],
  ['node:crypto.randomBytes', () => randomBytes(4)],
  ['node:fs.readFileSync', () => readFileSync('/etc/hostname')],
  ['AbortSignal.timeout', () => AbortSignal.timeout(1)],
])('%s throws, also where it was imported before, and works again afterwards', (name, touch) => {
  trap = new HostTrap()
  const { touched } = trap
  let message = ''
  try {
    touch()
  } catch (error) {
    message = String(error)
  }
  trap[Symbol.dispose]()
  expect(message).toContain(`the world touched the host: ${name}`)
  expect([...touched]).toEqual([name])
  if (!name.includes('readFileSync')) expect(touch).not.toThrow()
})

test('a date of a given moment is no look at the clock', () => {
  trap = new HostTrap()
  const date = new Date(5)
  trap[Symbol.dispose]()
  expect(date.getTime()).toBe(5)
})
