import { z } from 'zod'
import { endpointsMax, isEndpoint } from '../core/access/endpoint.ts'
import { labelBytesMax, labelsMax } from '../core/access/node-record.ts'
import { textBytesLength } from '../core/base/text.ts'
import { parseByteSize } from './byte-size.ts'
import type { HostPort } from './host-port.ts'
import { parseHostPort } from './host-port.ts'

const logLevels = ['debug', 'info', 'warn', 'error'] as const
const grpcAuthKinds = ['none', 'token'] as const

/** What help, documentation and `config show` say of a setting. No argument: it is a switch. */
export interface SettingFacts {
  readonly help: string
  readonly argument?: string
  readonly values?: readonly string[]
  /** Given once for each entry on the command line; with commas between them everywhere else. */
  readonly list?: boolean
  /** A change by the screens takes effect at once. */
  readonly live?: boolean
}

const facts = z.registry<SettingFacts>()

const address = z.string({ error: 'must be a text HOST:PORT' }).transform((text, context): HostPort => {
  const parsed = parseHostPort(text)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: 'custom', message: `"${text}" is not HOST:PORT, for example 127.0.0.1:7070 or [::1]:7070` })
  return z.NEVER
})

/** A smaller store has no room for the records of its own network and a reserve for removals. */
const capacityBytesMin = 1024 ** 2

const byteSize = z
  .union([z.string(), z.number()], { error: 'must be a size such as 50GiB' })
  .transform((value, context): number => {
    const parsed = parseByteSize(String(value))
    if (parsed !== undefined && parsed >= capacityBytesMin) return parsed
    const least = `"${value}" is too little: the least is ${capacityBytesMin / 1024 ** 2} MiB`
    if (parsed !== undefined) context.addIssue({ code: 'custom', message: least })
    else context.addIssue({ code: 'custom', message: `"${value}" is not a size, for example 50GiB or 1500MB` })
    return z.NEVER
  })

const path = z.string({ error: 'must be the path of a file or folder' }).min(1, 'must not be empty')

/** Entries as one text with commas between them, or as a list; each once, in their order. */
function listOf<Entry extends z.ZodType<string, string>>(entry: Entry, entriesMax: number) {
  const entries = z
    .array(entry, { error: 'must be a list of texts' })
    .max(entriesMax, `has more than ${entriesMax} entries`)
    .transform((list): readonly string[] => Object.freeze([...new Set(list)]))
  return z
    .union([z.string(), z.array(z.string())], { error: 'must be a text with commas between its entries, or a list of texts' })
    .transform((value) => (typeof value === 'string' ? entriesOf(value) : value))
    .pipe(entries)
    .default(Object.freeze([]))
}

function entriesOf(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

const endpoint = z.string().superRefine((text, context) => {
  if (isEndpoint(text)) return
  context.addIssue({ code: 'custom', message: `"${text}" is not HOST:PORT of another computer, for example 192.0.2.7:7072` })
})

/** As what a node says of itself to others: short, and without what steers a terminal. */
const label = z.string({ error: 'must be a text' }).superRefine((text, context) => {
  if (text === '' || /[\p{Cc}\p{Bidi_Control},]/u.test(text)) {
    context.addIssue({ code: 'custom', message: 'must be a text without commas and control characters' })
  } else if (textBytesLength(text) > labelBytesMax) {
    context.addIssue({ code: 'custom', message: `is longer than ${labelBytesMax} bytes` })
  }
})

/** Each is tried for each node that is not found. */
const peersMax = 4

/** Every setting of a node. The same name is the flag (--ready-file), the variable (MEMO_READY_FILE) and the key in the file (readyFile). */
export const nodeConfigSchema = z.strictObject({
  data: path.register(facts, { argument: 'DIR', help: 'Folder of everything that this node keeps.' }),
  grpc: address.prefault('127.0.0.1:7070').register(facts, {
    argument: 'HOST:PORT',
    help: 'Where this node serves gRPC (clients: MEMO_NODE). Port 0 picks a free one.',
  }),
  console: address.prefault('127.0.0.1:7071').register(facts, {
    argument: 'HOST:PORT',
    help: 'Where the web console, /metrics, /health and /ready are served over HTTP. Port 0 picks a free one.',
  }),
  consoleTls: z.boolean().default(false).register(facts, {
    help: 'Serve the console over TLS. Without --console-cert and --console-key with a self-made certificate, DIR/console-cert.pem.',
  }),
  consoleCert: path
    .optional()
    .register(facts, { argument: 'FILE', help: 'PEM certificate chain of the console; it is served under the names in it.' }),
  consoleKey: path.optional().register(facts, { argument: 'FILE', help: 'PEM private key of the console.' }),
  listen: address.optional().register(facts, {
    argument: 'HOST:PORT',
    help: 'Where other nodes of the network reach this one, over TLS with certificates of their own. Without it the node listens for none. Port 0 picks a free one.',
  }),
  advertise: listOf(endpoint, endpointsMax).register(facts, {
    argument: 'HOST:PORT[,...]',
    help: 'What other nodes are told to reach this one by, the likeliest first. Without it the address of --listen or, where that is every address, the first one of this computer.',
  }),
  zone: label.optional().register(facts, {
    argument: 'TEXT',
    help: 'Where this node stands, such as a room or a site: copies are kept in different zones as far as there are any.',
  }),
  labels: listOf(label, labelsMax).register(facts, {
    argument: 'TEXT',
    list: true,
    help: 'A word that describes this node to others, such as "ssd"; may be repeated.',
  }),
  peers: listOf(endpoint, peersMax).register(facts, {
    argument: 'HOST:PORT',
    list: true,
    help: 'Where nodes of the network are looked for in the first minute, besides where they were last; may be repeated.',
  }),
  readyFile: path.optional().register(facts, {
    argument: 'FILE',
    help: 'JSON made when everything serves and removed at the stop: nodeId, pid, grpc, consoleUrl, listen, version. Replaces nothing but a ready file or an empty one.',
  }),
  grpcAuth: z.enum(grpcAuthKinds).default('none').register(facts, {
    argument: 'KIND',
    values: grpcAuthKinds,
    help: 'none, or token: every call needs "authorization: Bearer ..." (the token is in DIR/grpc-token).',
  }),
  grpcTokenFile: path.optional().register(facts, {
    argument: 'FILE',
    help: 'File with the token that --grpc-auth token asks for; made with a random one when it is absent.',
  }),
  grpcTls: z.boolean().default(false).register(facts, {
    help: 'Serve gRPC over TLS. Without --grpc-cert and --grpc-key with a self-made certificate, DIR/grpc-cert.pem.',
  }),
  grpcCert: path.optional().register(facts, { argument: 'FILE', help: 'PEM certificate chain of the gRPC port.' }),
  grpcKey: path.optional().register(facts, { argument: 'FILE', help: 'PEM private key of the gRPC port.' }),
  grpcClientCa: path.optional().register(facts, {
    argument: 'FILE',
    help: 'PEM certificates: only clients with a certificate of one of these authorities may call (mutual TLS).',
  }),
  insecure: z.boolean().default(false).register(facts, {
    help: 'Allow addresses other than loopback without TLS and authentication. Everyone who reaches them may read and change everything.',
  }),
  keyFile: path
    .optional()
    .register(facts, { argument: 'FILE', help: 'File with the secret that encrypts the keys of this node.' }),
  capacity: byteSize.optional().register(facts, {
    argument: 'SIZE',
    help: 'Most live bytes of the store, keys and values with their records, for example 50GiB. Without it only the disk limits it.',
  }),
  readOnly: z.boolean().default(false).register(facts, {
    live: true,
    help: 'Let the screens of this node change nothing but its settings. Programs that call it are not concerned.',
  }),
  logLevel: z
    .enum(logLevels)
    .default('info')
    .register(facts, { argument: 'LEVEL', values: logLevels, live: true, help: 'Least level that is logged.' }),
})

/** A whole and valid configuration, frozen. */
export type NodeConfig = Readonly<z.output<typeof nodeConfigSchema>>
export type SettingName = keyof NodeConfig & string

export const settingNames = Object.keys(nodeConfigSchema.shape) as readonly SettingName[]

export function settingFacts(name: SettingName): SettingFacts {
  return facts.get(nodeConfigSchema.shape[name]) ?? { help: '' }
}

/** readyFile -> MEMO_READY_FILE */
export function settingVariable(name: SettingName): string {
  return `MEMO_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
