/** TLS connections between nodes: how they are listened for, dialled, and refused before a frame is read. */
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import type { SecureContextOptions, Server, TLSSocket } from 'node:tls'
import { connect, createServer } from 'node:tls'
import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FrameLink, LinkSource } from '../peer-session/frame-link.ts'
import { unavailable } from '../peer-session/peer-failure.ts'
import { listenOn, placeOf } from './listen-on.ts'
import { channelOfPem, peerChannelOf, peerProtocol } from './peer-identity.ts'
import { SlowedAddresses } from './slowed-addresses.ts'
import { TlsLink } from './tls-link.ts'

/** In PEM: a P-256 key and a certificate for it. */
export interface PeerCertificate {
  readonly cert: string
  readonly key: string
}

type PeerCredentials = SecureContextOptions & { readonly ALPNProtocols: string[]; readonly rejectUnauthorized: boolean }

interface TlsLinksOptions {
  readonly listen: readonly string[]
  readonly makeCertificate: () => PeerCertificate
  readonly limits: Limits
  readonly clock: Clock
}

export class TlsLinks implements LinkSource {
  readonly #options: TlsLinksOptions
  readonly #slowed: SlowedAddresses
  readonly #servers: Server[] = []
  /** Connections of others, from their first byte to their end, and those whose handshake is not done. */
  readonly #taken = new Set<string>()
  readonly #shaking = new Map<string, Socket>()
  #credentials: PeerCredentials | undefined
  #ownChannel: Uint8Array | undefined

  constructor(options: TlsLinksOptions) {
    this.#options = options
    this.#slowed = new SlowedAddresses(options.limits, options.clock)
  }

  async listen(accepted: (link: FrameLink) => void): Promise<readonly string[]> {
    const { cert, key } = this.#options.makeCertificate()
    this.#ownChannel = channelOfPem(cert)
    this.#credentials = {
      cert,
      key,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [peerProtocol],
      // No tickets: each connection proves its keys anew.
      secureOptions: constants.SSL_OP_NO_TICKET,
      sigalgs: 'ecdsa_secp256r1_sha256',
      // Nobody vouches for these certificates: the hello on top names the key of each.
      rejectUnauthorized: false,
    }
    const listening: string[] = []
    for (const endpoint of this.#options.listen) {
      const server = this.#makeServer(this.#credentials, accepted)
      this.#servers.push(server)
      listening.push(await listenOn(server, endpoint))
    }
    return listening
  }

  dial(endpoint: string, signal: AbortSignal): Promise<FrameLink> {
    const { promise, resolve, reject } = Promise.withResolvers<FrameLink>()
    const place = placeOf(endpoint)
    if (place === undefined || this.#credentials === undefined) return Promise.reject(unavailable('this is no endpoint'))
    if (signal.aborted) return Promise.reject(signal.reason)
    const socket = connect({ ...this.#credentials, ...place })
    const fail = (error: unknown) => {
      settle()
      socket.destroy()
      reject(error)
    }
    const abort = () => fail(signal.reason)
    const closed = () => fail(unavailable('the connection ended within the handshake'))
    const failed = (error: Error) => fail(new CodedError('unavailable', 'the node was not reached', { cause: error }))
    const settle = () => {
      signal.removeEventListener('abort', abort)
      socket.off('error', failed)
      socket.off('close', closed)
      // A socket that was given up may still have an error to tell.
      socket.on('error', () => undefined)
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', failed)
    socket.once('close', closed)
    socket.once('secureConnect', () => {
      const link = this.#linkOver(socket, endpoint)
      if (link === undefined) {
        fail(unavailable('who answers there is no node'))
        return
      }
      settle()
      resolve(link)
    })
    return promise
  }

  async close(): Promise<void> {
    const closed = this.#servers.splice(0).map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve())
          if (!server.listening) resolve()
        }),
    )
    for (const socket of this.#shaking.values()) socket.destroy()
    await Promise.all(closed)
  }

  afterTurn(run: () => void): void {
    setImmediate(run)
  }

  #makeServer(credentials: PeerCredentials, accepted: (link: FrameLink) => void): Server {
    const { peerHandshakeTimeoutMs } = this.#options.limits
    const server = createServer({ ...credentials, requestCert: true, handshakeTimeout: peerHandshakeTimeoutMs })
    server.on('connection', (socket: Socket) => this.#takeRaw(socket))
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#watch(socket)
      const link = this.#linkOver(socket, nameOf(socket))
      if (link !== undefined) accepted(link)
      else this.#refuse(socket)
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      this.#watch(socket)
      // Who only looks whether the port is open is no offender.
      if (error.code === 'ECONNRESET') socket.destroy()
      else this.#refuse(socket)
    })
    return server
  }

  /** A connection before its first byte. */
  #takeRaw(socket: Socket): void {
    const { peerConnectionsMax, peerGreetingsMax } = this.#options.limits
    socket.on('error', () => undefined)
    const isFull = this.#taken.size >= peerConnectionsMax || this.#shaking.size >= peerGreetingsMax
    if (isFull || this.#slowed.isSlowed(addressOf(socket))) {
      socket.destroy()
      return
    }
    const name = nameOf(socket)
    this.#taken.add(name)
    this.#shaking.set(name, socket)
    socket.once('close', () => this.#forget(name))
  }

  /** The handshake is over, well or not. */
  #watch(socket: TLSSocket): void {
    const name = nameOf(socket)
    this.#shaking.delete(name)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#forget(name))
    if (socket.destroyed) this.#forget(name)
  }

  #forget(name: string): void {
    this.#taken.delete(name)
    this.#shaking.delete(name)
  }

  #refuse(socket: TLSSocket): void {
    this.#slowed.offended(addressOf(socket))
    socket.destroy()
  }

  #linkOver(socket: TLSSocket, endpoint: string): FrameLink | undefined {
    const peerChannel = peerChannelOf(socket)
    const ownChannel = this.#ownChannel
    assert(ownChannel !== undefined, 'nobody connects before the certificate is made')
    if (peerChannel === undefined) return undefined
    const { limits, clock } = this.#options
    const address = addressOf(socket)
    const offended = () => this.#slowed.offended(address)
    return new TlsLink({ socket, endpoint, address, ownChannel, peerChannel, limits, clock, offended })
  }
}

function addressOf(socket: Socket): string {
  return socket.remoteAddress ?? ''
}

/** Both sockets of one connection, the bare one and that of TLS, have the same. */
function nameOf(socket: Socket): string {
  const address = addressOf(socket)
  return `${address.includes(':') ? `[${address}]` : address}:${socket.remotePort ?? 0}`
}
