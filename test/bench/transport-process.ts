/** The other end of the suite `transport`: sends back whatever arrives, over a transport between nodes and over bare TLS. */
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { benchCertificate, EchoHandler, openTransport } from './transport-ends.ts'

const { transport, desk } = openTransport(2)
await transport.start(desk, new EchoHandler(transport))
const plain = createServer({ ...benchCertificate(), minVersion: 'TLSv1.3' }, (socket) => {
  let isReceived = false
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    // A first byte of 0 asks for an echo, another one for being taken only.
    isReceived ||= chunk[0] !== 0
    if (!isReceived) socket.write(chunk)
    else if (chunk.at(-1) === 2) socket.write('x')
  })
})
plain.listen(0, '127.0.0.1', () => {
  const { port } = plain.address() as AddressInfo
  console.log(JSON.stringify({ endpoint: transport.listening[0], plainPort: port }))
})
process.on('SIGTERM', () => process.exit(0))
