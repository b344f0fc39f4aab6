import { describe, expect, it } from 'vitest'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import type { SocketLike } from '../../../src/ipc/wire/socket-channel.ts'
import { SocketChannel } from '../../../src/ipc/wire/socket-channel.ts'

type Listener = (event: { readonly data?: unknown }) => void

/** A socket whose other end reads only when a test says so. */
class SlowSocket implements SocketLike {
  readyState = 1
  bufferedAmount = 0
  readonly closed: unknown[] = []
  readonly sent: string[] = []
  readonly #listeners = new Map<string, Listener>()
  readonly #unsent: { readonly bytes: number; readonly left: () => void }[] = []

  send(data: string, left: () => void = () => undefined): void {
    this.sent.push(data)
    this.bufferedAmount += data.length
    this.#unsent.push({ bytes: data.length, left })
  }

  close(code?: number, reason?: string): void {
    this.closed.push([code, reason])
  }

  addEventListener(event: string, listener: Listener): void {
    this.#listeners.set(event, listener)
  }

  emit(event: string, data?: unknown): void {
    this.#listeners.get(event)?.({ data })
  }

  /** The other end takes everything. */
  drain(): void {
    this.bufferedAmount = 0
    for (const { left } of this.#unsent.splice(0)) left()
  }
}

async function state(promise: Promise<void>): Promise<'waits' | 'goes on'> {
  const soon = new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))
  return await Promise.race([promise.then(() => 'goes on' as const), soon])
}

describe('SocketChannel', () => {
  it('lets streams wait while a slow reader has much to take, and go on when it took it', async () => {
    const socket = new SlowSocket()
    const channel = new SocketChannel(socket)
    channel.send('x'.repeat(wireLimits.unsentBytesMax))
    expect(await state(channel.writable())).toBe('goes on')
    channel.send('x')
    const waiting = channel.writable()
    expect(await state(waiting)).toBe('waits')
    socket.drain()
    expect(await state(waiting)).toBe('goes on')
  })

  it('lets nobody wait for a socket that is closed', async () => {
    const socket = new SlowSocket()
    const channel = new SocketChannel(socket)
    channel.send('x'.repeat(wireLimits.unsentBytesMax + 1))
    const waiting = channel.writable()
    socket.emit('close')
    expect(await state(waiting)).toBe('goes on')
    expect(await state(channel.closed)).toBe('goes on')
    channel.send('late')
    expect(socket.sent).not.toContain('late')
  })

  it('sends nothing while the other end closes it', () => {
    const socket = new SlowSocket()
    const channel = new SocketChannel(socket)
    socket.readyState = 2
    channel.send('late')
    expect(socket.sent).toEqual([])
  })

  it('keeps what is sent before it is open, within a limit', () => {
    const socket = new SlowSocket()
    socket.readyState = 0
    const channel = new SocketChannel(socket)
    for (let index = 0; index < wireLimits.callsMax; index++) channel.send(`${index}`)
    expect(() => channel.send('one too many')).toThrow('callsMax')
    expect(socket.sent).toEqual([])
    socket.readyState = 1
    socket.emit('open')
    expect(socket.sent).toHaveLength(wireLimits.callsMax)
    expect(socket.sent[0]).toBe('0')
  })

  it('refuses to send a message above the limit', () => {
    const channel = new SocketChannel(new SlowSocket())
    expect(() => channel.send('x'.repeat(wireLimits.messageBytesMax + 1))).toThrow('messageBytesMax')
    expect(channel.isClosed).toBe(false)
  })

  it.each([
    ['bytes', new ArrayBuffer(1), 1003],
    ['a message above the limit', 'x'.repeat(wireLimits.messageBytesMax + 1), 1009],
  ])('closes at %s', (_what, data, code) => {
    const socket = new SlowSocket()
    const channel = new SocketChannel(socket)
    const taken: unknown[] = []
    channel.receive((message) => taken.push(message))
    socket.emit('message', data)
    expect(taken).toEqual([])
    expect(socket.closed).toMatchObject([[code, expect.any(String)]])
    expect(channel.isClosed).toBe(true)
  })
})
