/**
 * Loaded into a node before its own modules: its connections to 127.0.0.1 come from the address that the environment names, so that a
 * proxy can tell whose they are.
 */
import { Socket } from 'node:net'

const { MEMO_TEST_DIAL_FROM: localAddress } = process.env
const connect = Socket.prototype.connect as (this: Socket, ...words: unknown[]) => Socket

function connectFrom(this: Socket, ...words: unknown[]): Socket {
  const [first, ...others] = words
  const options: unknown = Array.isArray(first) ? first[0] : first
  if (typeof options === 'object' && options !== null && 'host' in options && options.host === '127.0.0.1') {
    Object.assign(options, { localAddress })
  }
  return connect.call(this, first, ...others)
}

if (localAddress !== undefined) Socket.prototype.connect = connectFrom as Socket['connect']
