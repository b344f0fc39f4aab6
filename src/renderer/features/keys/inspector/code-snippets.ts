/**
 * The call that reads a key, in the notation of several programs, with the node's real address. Each text is quoted by the rules of
 * its language, because a key may hold quotes, line ends and anything else.
 */

import type { GrpcInfo } from '../../../../ipc/contract/status-schemas.ts'

export const snippetLanguages = ['cli', 'grpcurl', 'node', 'python', 'go'] as const
export type SnippetLanguage = (typeof snippetLanguages)[number]

/** In single quotes nothing means anything to a POSIX shell but the quote itself; control characters need the other notation. */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (!/\p{Cc}/u.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`
  const escaped = text.replaceAll(/[\\']/g, (sign) => `\\${sign}`)
  return `$'${escaped.replaceAll(/\p{Cc}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}

/** JSON's notation is also one of JavaScript, and of Python and Go but for characters beyond 16 bits, which stay as they are. */
export function jsonQuote(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
    .replaceAll('\u007f', String.raw`\u007f`)
    .replaceAll(/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`)
}

export function snippetOf(language: SnippetLanguage, key: string, info: GrpcInfo): string {
  switch (language) {
    case 'cli':
      return cli(key, info)
    case 'grpcurl':
      return grpcurl(key, info)
    case 'node':
      return node(key, info)
    case 'python':
      return python(key, info)
    case 'go':
      return go(key, info)
  }
}

function cli(key: string, info: GrpcInfo): string {
  const words = ['memo kv get']
  if (info.address !== '127.0.0.1:7070') words.push(`--grpc ${shellQuote(info.address)}`)
  if (info.tls) words.push(info.certificateFile === undefined ? '--tls' : `--tls --tls-ca ${shellQuote(info.certificateFile)}`)
  if (info.auth === 'token') words.push(`--token-file ${shellQuote(info.tokenFile ?? 'TOKEN_FILE')}`)
  if (info.auth === 'mtls') words.push('--tls-cert CERT.pem --tls-key KEY.pem')
  if (key.startsWith('-')) words.push('--')
  return [...words, shellQuote(key)].join(' ')
}

function grpcurl(key: string, info: GrpcInfo): string {
  const words = ['grpcurl']
  if (!info.tls) words.push('-plaintext')
  else if (info.certificateFile !== undefined) words.push(`-cacert ${shellQuote(info.certificateFile)}`)
  if (info.auth === 'mtls') words.push('-cert CERT.pem -key KEY.pem')
  if (info.auth === 'token') words.push(`-H "authorization: Bearer $(cat ${shellQuote(info.tokenFile ?? 'TOKEN_FILE')})"`)
  words.push(`-d ${shellQuote(JSON.stringify({ key }))}`, shellQuote(info.address), 'memo.v1.KeyValue/Get')
  return words.join(' \\\n  ')
}

function node(key: string, info: GrpcInfo): string {
  const channel = info.tls
    ? `credentials.createSsl(${info.certificateFile === undefined ? '' : `readFileSync(${jsonQuote(info.certificateFile)})`})`
    : 'credentials.createInsecure()'
  const files = [
    ...(info.auth === 'token' || (info.tls && info.certificateFile !== undefined)
      ? ["import { readFileSync } from 'node:fs'"]
      : []),
    `import { credentials, loadPackageDefinition${info.auth === 'token' ? ', Metadata' : ''} } from '@grpc/grpc-js'`,
    "import { loadSync } from '@grpc/proto-loader'",
  ]
  const token =
    info.auth === 'token'
      ? [
          'const metadata = new Metadata()',
          `metadata.set('authorization', 'Bearer ' + readFileSync(${jsonQuote(info.tokenFile ?? 'TOKEN_FILE')}, 'utf8').trim())`,
        ]
      : []
  return [
    ...files,
    '',
    "const definition = loadSync('memo/v1/key_value.proto', { includeDirs: ['protos'], longs: String })",
    'const { memo } = loadPackageDefinition(definition)',
    `const keys = new memo.v1.KeyValue(${jsonQuote(info.address)}, ${channel})`,
    ...token,
    '',
    `keys.get({ key: ${jsonQuote(key)} }, ${info.auth === 'token' ? 'metadata, ' : ''}(error, answer) => {`,
    '  if (error) throw error',
    '  process.stdout.write(answer.value)',
    '})',
  ].join('\n')
}

function python(key: string, info: GrpcInfo): string {
  const file = info.certificateFile
  const trust = file === undefined ? '' : `open(${jsonQuote(file)}, "rb").read()`
  const channel = info.tls
    ? `grpc.secure_channel(${jsonQuote(info.address)}, grpc.ssl_channel_credentials(${trust}))`
    : `grpc.insecure_channel(${jsonQuote(info.address)})`
  const token = info.auth === 'token' ? [`token = open(${jsonQuote(info.tokenFile ?? 'TOKEN_FILE')}).read().strip()`] : []
  const metadata = info.auth === 'token' ? ', metadata=[("authorization", f"Bearer {token}")]' : ''
  return [
    'import grpc',
    'from memo.v1 import key_value_pb2 as kv, key_value_pb2_grpc',
    '',
    ...token,
    `store = key_value_pb2_grpc.KeyValueStub(${channel})`,
    `answer = store.Get(kv.GetRequest(key=${jsonQuote(key)})${metadata}, timeout=5)`,
    'print(answer.metadata.version, answer.value)',
  ].join('\n')
}

function go(key: string, info: GrpcInfo): string {
  const tls = info.certificateFile === undefined ? 'credentials.NewTLS(nil)' : 'transport'
  return [
    ...(info.tls && info.certificateFile !== undefined
      ? [
          `transport, err := credentials.NewClientTLSFromFile(${jsonQuote(info.certificateFile)}, "")`,
          'if err != nil { log.Fatal(err) }',
        ]
      : []),
    `conn, err := grpc.NewClient(${jsonQuote(info.address)}, grpc.WithTransportCredentials(${info.tls ? tls : 'insecure.NewCredentials()'}))`,
    'if err != nil { log.Fatal(err) }',
    'defer conn.Close()',
    ...(info.auth === 'token'
      ? [
          `token, err := os.ReadFile(${jsonQuote(info.tokenFile ?? 'TOKEN_FILE')})`,
          'if err != nil { log.Fatal(err) }',
          'ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+strings.TrimSpace(string(token)))',
        ]
      : ['ctx := context.Background()']),
    `answer, err := memo.NewKeyValueClient(conn).Get(ctx, &memo.GetRequest{Key: ${jsonQuote(key)}})`,
    'if err != nil { log.Fatal(err) }',
    'os.Stdout.Write(answer.Value)',
  ].join('\n')
}
