import { expect, test } from 'vitest'
import { problemText } from '../../../../src/renderer/features/settings/problem-text.ts'

const labels: Readonly<Record<string, string>> = { keyFile: 'Key file', grpcCert: 'Certificate', console: 'Address' }

test.each([
  ['keyFile', '--key-file /k is a file that the node writes itself', '/k is a file that the node writes itself'],
  ['keyFile', '--key-file: no such file', 'no such file'],
  ['readyFile', '--ready-file /r is also --grpc-cert: choose another', '/r is also Certificate (grpcCert): choose another'],
  ['console', '--console-tls needs no --console', '--console-tls needs no Address (console)'],
  ['capacity', 'must be a size such as 10GB', 'must be a size such as 10GB'],
])('of %s: %s', (name, message, expected) => {
  expect(problemText(name, message, (setting) => labels[setting])).toBe(expected)
})
