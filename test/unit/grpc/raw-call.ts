import type { IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import type { GrpcRig } from './grpc-rig.ts'

/** A message as it travels: not compressed, its length, its bytes. */
export function framed(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** Sends what a well-behaved client would not. Answers the trailers, which are the headers where nothing else came. */
export async function rawCall(
  rig: GrpcRig,
  path: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingHttpHeaders> {
  const session = connect(`http://127.0.0.1:${rig.address.port}`)
  try {
    const grpc = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }
    const stream = session.request({ ...grpc, ...headers, ':path': path })
    let last: IncomingHttpHeaders = {}
    stream.on('response', (given) => {
      last = given
    })
    stream.on('trailers', (given) => {
      last = given
    })
    stream.resume()
    stream.end(body)
    await new Promise((resolve, reject) => stream.once('close', resolve).once('error', reject))
    return last
  } finally {
    session.destroy()
  }
}
