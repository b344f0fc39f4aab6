import type { Command } from 'commander'
import type { CliIo } from '../cli-io.ts'
import type { CliOutput } from '../cli-output.ts'
import { createOutput } from '../cli-output.ts'
import type { ConnectionFlags } from './connection-options.ts'
import { connectionOptions } from './connection-options.ts'
import type { GrpcConnection } from './grpc-connection.ts'
import { connect } from './grpc-connection.ts'

const defaultAddress = '127.0.0.1:7070'

/** Adds what every command has that calls a node. */
export function withRemoteOptions(command: Command, io: CliIo): Command {
  const given = (text: string | undefined) => (text === '' ? undefined : text)
  const { MEMO_NODE, MEMO_TOKEN_FILE, MEMO_TLS_CA } = io.environment
  return command
    .option('--grpc <HOST:PORT>', 'address of the node (MEMO_NODE)', given(MEMO_NODE) ?? defaultAddress)
    .option('--token-file <FILE>', 'file with the token that the node asks for (MEMO_TOKEN_FILE)', given(MEMO_TOKEN_FILE))
    .option('--tls', 'use TLS with the certificate authorities of Node')
    .option('--tls-ca <FILE>', 'use TLS; PEM certificates of the authorities to trust (MEMO_TLS_CA)', given(MEMO_TLS_CA))
    .option('--tls-cert <FILE>', 'PEM certificate of this client, for mutual TLS')
    .option('--tls-key <FILE>', 'PEM key of this client, for mutual TLS')
    .option('--tls-server-name <NAME>', 'name that the certificate of the node must have, where it differs from HOST')
    .option('--timeout <SECONDS>', 'how long the node may take to answer; in a stream, to its next part', '30')
    .option('--json', 'results as JSON, errors as JSON on standard error')
}

export interface RemoteCall {
  readonly connection: GrpcConnection
  readonly output: CliOutput
}

export interface RemoteFlags extends ConnectionFlags {
  readonly json?: boolean
}

/** Runs an action with a connection that is closed afterwards. */
export async function withConnection(flags: RemoteFlags, io: CliIo, action: (call: RemoteCall) => Promise<void>): Promise<void> {
  using connection = connect(connectionOptions(flags))
  await action({ connection, output: createOutput(io, flags.json === true) })
}
