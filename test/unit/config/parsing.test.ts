import { expect, test } from 'vitest'
import { parseByteSize } from '../../../src/node/config/byte-size.ts'
import { hostPortText, parseHostPort } from '../../../src/node/config/host-port.ts'
import { editDistance, nearestName } from '../../../src/node/config/nearest-name.ts'

test.each(['127.0.0.1:0', 'localhost:7070', 'node-1.example.org:65535', '[::1]:7070', '[fe80::1%eth0]:1'])(
  '%s goes round',
  (text) => {
    const parsed = parseHostPort(text)
    expect(parsed === undefined ? undefined : hostPortText(parsed)).toBe(text)
  },
)

test.each([
  '',
  ':1',
  '7070',
  'a:',
  'a:b',
  'a:70707',
  '::1:70',
  '[::1]',
  'a b:1',
  'http://a:1',
  '127.0.0.1:-1',
  '[1:2]:1',
  '[127.0.0.1]:1',
])('%s is no address', (text) => {
  expect(parseHostPort(text)).toBeUndefined()
})

test.each([
  ['[0:0::1]:7070', '[::1]:7070'],
  ['[::1%lo]:7070', '[::1]:7070'],
  ['[::FFFF:7f00:1]:7070', '[::ffff:127.0.0.1]:7070'],
  ['[FE80::0:1%eth0]:1', '[fe80::1%eth0]:1'],
])('%s is read as the usual spelling %s', (text, usual) => {
  const parsed = parseHostPort(text)
  expect(parsed === undefined ? undefined : hostPortText(parsed)).toBe(usual)
})

test.each([
  ['1', 1],
  ['1500MB', 1_500_000_000],
  ['1.5 KiB', 1536],
  ['50GiB', 50 * 1024 ** 3],
  ['0', undefined],
  ['0.1', undefined],
  ['-1', undefined],
  ['1 XB', undefined],
  ['toString', undefined],
  ['1toString', undefined],
  ['99999999TiB', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes)
})

test('distances count swaps of neighbours once', () => {
  expect(editDistance('grpc', 'grpc')).toBe(0)
  expect(editDistance('grpc', 'gprc')).toBe(1)
  expect(editDistance('grpc', 'grp')).toBe(1)
  expect(editDistance('', 'abc')).toBe(3)
  expect(nearestName('conosle', ['console', 'grpc'])).toBe('console')
  expect(nearestName('completely-different', ['console', 'grpc'])).toBeUndefined()
})
