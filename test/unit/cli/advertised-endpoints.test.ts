import { expect, test } from 'vitest'
import { advertisedEndpoints } from '../../../src/node/cli/run/advertised-endpoints.ts'

const loopback = { address: '127.0.0.1', family: 'IPv4', internal: true } as const
const linkLocal = { address: 'fe80::1', family: 'IPv6', internal: false } as const
const sixth = { address: '2001:db8::7', family: 'IPv6', internal: false } as const
const fourth = { address: '192.0.2.7', family: 'IPv4', internal: false } as const

test('what is said stands, whatever the node listens at', () => {
  const said = ['memo.example:7072', '192.0.2.9:7072']
  expect(advertisedEndpoints(said, { host: '0.0.0.0', port: 1 }, { lo: [loopback] })).toEqual(said)
})

test('one address is told as it is, with the port that was given', () => {
  expect(advertisedEndpoints([], { host: '127.0.0.1', port: 41_000 }, { eth0: [fourth] })).toEqual(['127.0.0.1:41000'])
  expect(advertisedEndpoints([], { host: '::1', port: 41_000 }, {})).toEqual(['[::1]:41000'])
})

test('every address is told as the first one that others could mean', () => {
  const all = { lo: [loopback], eth0: [linkLocal, sixth, fourth] }
  expect(advertisedEndpoints([], { host: '0.0.0.0', port: 7072 }, all)).toEqual(['192.0.2.7:7072'])
  expect(advertisedEndpoints([], { host: '::', port: 7072 }, { eth0: [linkLocal, sixth] })).toEqual(['[2001:db8::7]:7072'])
  // A listener of IPv4 is not reached by an address of IPv6.
  expect(advertisedEndpoints([], { host: '0.0.0.0', port: 7072 }, { lo: [loopback], eth0: [sixth] })).toEqual(['127.0.0.1:7072'])
})
