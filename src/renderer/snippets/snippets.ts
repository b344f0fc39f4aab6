/** Programs that reach this very node, ready to be run: its address, its way to authenticate, the key that was typed. */

import type { GrpcInfo } from '../../ipc/contract/status-schemas.ts'
import { shellWord } from '../../shared/shell-word.ts'
import { doubleQuoted, singleQuoted } from './quote.ts'

export const snippetLanguages = ['cli', 'grpcurl', 'node', 'python', 'go'] as const
export type SnippetLanguage = (typeof snippetLanguages)[number]

/** `read` shows a key that is there; `try` writes one first, so that it works on an empty node. */
export type SnippetTask = 'read' | 'try'

export type SnippetGrpc = Pick<
  GrpcInfo,
  'host' | 'port' | 'tls' | 'certificateFile' | 'auth' | 'tokenFile' | 'reflection' | 'command'
>

/** Files of the client that stand in for those that only its owner knows. */
const clientCertificate = 'client-cert.pem'
const clientKey = 'client-key.pem'
const tokenStandIn = 'grpc-token'

interface Facts {
  readonly command: string
  readonly writes: boolean
  readonly target: string
  readonly key: string
  readonly tls: boolean
  readonly certificate: string | undefined
  readonly token: string | undefined
  readonly mutual: boolean
  readonly reflection: boolean
}

const anyHosts = ['0.0.0.0', '::', '[::]']

/** Where a program on this computer calls; an address that stands for all of them cannot be called. */
export function targetOf({ host, port }: Pick<GrpcInfo, 'host' | 'port'>): string {
  const called = anyHosts.includes(host) ? '127.0.0.1' : host
  return called.includes(':') && !called.startsWith('[') ? `[${called}]:${port}` : `${called}:${port}`
}

export function snippet(language: SnippetLanguage, grpc: SnippetGrpc, key: string, task: SnippetTask): string {
  return writers[language](factsOf(grpc, key, task))
}

/** Reads one block by the command line. */
export function blockCommand(grpc: SnippetGrpc, address: string): string {
  const facts = factsOf(grpc, '', 'read')
  return `${facts.command} block get ${cliFlags(facts)} ${address}`
}

function factsOf(grpc: SnippetGrpc, key: string, task: SnippetTask): Facts {
  return {
    command: grpc.command,
    writes: task === 'try',
    target: targetOf(grpc),
    key,
    tls: grpc.tls,
    certificate: grpc.certificateFile,
    token: grpc.auth === 'token' ? (grpc.tokenFile ?? tokenStandIn) : undefined,
    mutual: grpc.auth === 'mtls',
    reflection: grpc.reflection,
  }
}

const writers: Readonly<Record<SnippetLanguage, (facts: Facts) => string>> = {
  cli: cliSnippet,
  grpcurl: grpcurlSnippet,
  node: nodeSnippet,
  python: pythonSnippet,
  go: goSnippet,
}

function lines(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== false && part !== undefined).join('\n')
}

function cliFlags({ target, tls, certificate, token, mutual }: Facts): string {
  const flags = [
    `--grpc ${shellWord(target)}`,
    tls && '--tls',
    tls && certificate !== undefined && `--tls-ca ${shellWord(certificate)}`,
    mutual && `--tls-cert ${clientCertificate} --tls-key ${clientKey}`,
    token !== undefined && `--token-file ${shellWord(token)}`,
  ]
  return flags.filter((flag) => flag !== false).join(' ')
}

function cliSnippet(facts: Facts): string {
  const { command, writes, key } = facts
  const flags = cliFlags(facts)
  const word = key.startsWith('-') ? `-- ${shellWord(key)}` : shellWord(key)
  return lines(
    writes && `${command} kv put ${flags} ${word} hello`,
    `${command} kv get ${flags} ${word}`,
    writes && `${command} kv ls ${flags}`,
  )
}

function grpcurlSnippet({ writes, target, key, tls, certificate, token, mutual, reflection }: Facts): string {
  const flags = [
    !tls && '-plaintext',
    tls && certificate !== undefined && `-cacert ${shellWord(certificate)}`,
    mutual && `-cert ${clientCertificate} -key ${clientKey}`,
    token !== undefined && `-H "authorization: Bearer $(cat ${shellWord(token)})"`,
    !reflection && '-import-path protos -proto memo/v1/key_value.proto',
  ].filter((flag) => flag !== false)
  const call = (method: string, request: object): string =>
    ['grpcurl', ...flags, `-d ${shellWord(JSON.stringify(request))}`, shellWord(target), `memo.v1.KeyValue/${method}`].join(' ')
  return lines(
    writes ? '# bytes are base64 in JSON: aGVsbG8= is hello' : '# bytes are base64 in JSON',
    writes && call('Put', { key, value: 'aGVsbG8=' }),
    call('Get', { key }),
  )
}

function nodeSnippet({ writes, target, key, tls, certificate, token, mutual }: Facts): string {
  const read = (file: string): string => `readFileSync(${singleQuoted(file)})`
  const ca = certificate === undefined ? 'null' : read(certificate)
  const secure = mutual
    ? `createSsl(${ca}, ${read(clientKey)}, ${read(clientCertificate)})`
    : `createSsl(${certificate === undefined ? '' : ca})`
  const call = writes ? `Put({ key: ${singleQuoted(key)}, value: Buffer.from('hello') }` : `Get({ key: ${singleQuoted(key)} }`
  const usesFiles = token !== undefined || (tls && (certificate !== undefined || mutual))
  return lines(
    '// npm install @grpc/grpc-js @grpc/proto-loader, and the .proto files in ./protos',
    usesFiles && "import { readFileSync } from 'node:fs'",
    `import { credentials, loadPackageDefinition${token === undefined ? '' : ', Metadata'} } from '@grpc/grpc-js'`,
    "import { loadSync } from '@grpc/proto-loader'",
    '',
    "const { memo } = loadPackageDefinition(loadSync('memo/v1/key_value.proto', { includeDirs: ['protos'], longs: String }))",
    `const store = new memo.v1.KeyValue(${singleQuoted(target)}, credentials.${tls ? secure : 'createInsecure()'})`,
    token !== undefined && 'const metadata = new Metadata()',
    token !== undefined && `metadata.set('authorization', \`Bearer \${readFileSync(${singleQuoted(token)}, 'utf8').trim()}\`)`,
    `store.${call}${token === undefined ? '' : ', metadata'}, (error, answer) => {`,
    `  console.log(error ?? ${writes ? 'answer.metadata.version' : "answer.value.toString('utf8')"})`,
    '  store.close()',
    '})',
  )
}

function pythonSnippet({ writes, target, key, tls, certificate, token, mutual }: Facts): string {
  const read = (file: string): string => `open(${singleQuoted(file)}, 'rb').read()`
  const secrets = [
    certificate !== undefined && `root_certificates=${read(certificate)}`,
    mutual && `private_key=${read(clientKey)}, certificate_chain=${read(clientCertificate)}`,
  ].filter((part) => part !== false)
  const channel = tls
    ? `grpc.secure_channel(${singleQuoted(target)}, grpc.ssl_channel_credentials(${secrets.join(', ')}))`
    : `grpc.insecure_channel(${singleQuoted(target)})`
  const metadata = token === undefined ? '' : ', metadata=metadata'
  return lines(
    '# pip install grpcio grpcio-tools, and the .proto files in ./protos',
    '# python -m grpc_tools.protoc -I protos --python_out=. --grpc_python_out=. memo/v1/key_value.proto memo/v1/call.proto',
    'import grpc',
    'from memo.v1 import key_value_pb2 as kv, key_value_pb2_grpc as services',
    '',
    `store = services.KeyValueStub(${channel})`,
    token !== undefined && `metadata = [('authorization', 'Bearer ' + open(${singleQuoted(token)}).read().strip())]`,
    writes && `answer = store.Put(kv.PutRequest(key=${singleQuoted(key)}, value=b'hello')${metadata})`,
    writes && 'print(answer.metadata.version)',
    `print(store.Get(kv.GetRequest(key=${singleQuoted(key)})${metadata}).value)`,
  )
}

function goCredentials({ tls, certificate, mutual }: Facts): readonly string[] {
  if (!tls) return ['\tcreds := insecure.NewCredentials()']
  if (mutual) {
    return [
      `\tpair, err := tls.LoadX509KeyPair(${doubleQuoted(clientCertificate)}, ${doubleQuoted(clientKey)})`,
      '\tmust(err)',
      ...(certificate === undefined
        ? ['\tcreds := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}})']
        : [
            '\troots := x509.NewCertPool()',
            `\tpem, err := os.ReadFile(${doubleQuoted(certificate)})`,
            '\tmust(err)',
            '\troots.AppendCertsFromPEM(pem)',
            '\tcreds := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots})',
          ]),
    ]
  }
  if (certificate === undefined) return ['\tcreds := credentials.NewTLS(nil)']
  return [`\tcreds, err := credentials.NewClientTLSFromFile(${doubleQuoted(certificate)}, "")`, '\tmust(err)']
}

function goImports({ tls, certificate, token, mutual }: Facts): readonly string[] {
  const standard = [
    'context',
    tls && mutual && 'crypto/tls',
    tls && mutual && certificate !== undefined && 'crypto/x509',
    'fmt',
    (token !== undefined || (tls && mutual && certificate !== undefined)) && 'os',
    token !== undefined && 'strings',
  ]
  const others = [
    'google.golang.org/grpc',
    tls ? 'google.golang.org/grpc/credentials' : 'google.golang.org/grpc/credentials/insecure',
    token !== undefined && 'google.golang.org/grpc/metadata',
  ]
  const quoted = (names: readonly (string | false)[]): string[] =>
    names.filter((name) => name !== false).map((name) => `\t${doubleQuoted(name)}`)
  return [...quoted(standard), '', ...quoted(others), '\tkv "example.com/app/memo/v1"']
}

function goSnippet(facts: Facts): string {
  const { writes, target, key, token } = facts
  const request = `Key: ${doubleQuoted(key)}`
  const call = writes ? `Put(ctx, &kv.PutRequest{${request}, Value: []byte("hello")})` : `Get(ctx, &kv.GetRequest{${request}})`
  return lines(
    '// protoc -I protos --go_out=. --go-grpc_out=. --go_opt=module=example.com/app --go-grpc_opt=module=example.com/app \\',
    '//   --go_opt=Mmemo/v1/key_value.proto=example.com/app/memo/v1 --go_opt=Mmemo/v1/call.proto=example.com/app/memo/v1 \\',
    '//   --go-grpc_opt=Mmemo/v1/key_value.proto=example.com/app/memo/v1 --go-grpc_opt=Mmemo/v1/call.proto=example.com/app/memo/v1 \\',
    '//   memo/v1/key_value.proto memo/v1/call.proto',
    'package main',
    '',
    'import (',
    ...goImports(facts),
    ')',
    '',
    'func must(err error) {',
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    '}',
    '',
    'func main() {',
    ...goCredentials(facts),
    `\tconn, err := grpc.NewClient(${doubleQuoted(target)}, grpc.WithTransportCredentials(creds))`,
    '\tmust(err)',
    '\tdefer conn.Close()',
    '\tctx := context.Background()',
    token !== undefined && `\ttoken, err := os.ReadFile(${doubleQuoted(token)})`,
    token !== undefined && '\tmust(err)',
    token !== undefined &&
      '\tctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+strings.TrimSpace(string(token)))',
    `\tanswer, err := kv.NewKeyValueClient(conn).${call}`,
    '\tmust(err)',
    writes ? '\tfmt.Println(answer.Metadata.Version)' : '\tfmt.Println(string(answer.Value))',
    '}',
  )
}
