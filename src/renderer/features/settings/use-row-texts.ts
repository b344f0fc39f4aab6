import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'
import { problemText, reasonsText } from './problem-text.ts'
import type { SettingValue } from './staged-values.ts'

/** What the node uses, and makes where it is not there, while these settings say nothing. */
const madeFiles: Readonly<Record<string, string>> = {
  consoleCert: 'console-cert.pem',
  consoleKey: 'console-key.pem',
  grpcCert: 'grpc-cert.pem',
  grpcKey: 'grpc-key.pem',
  grpcTokenFile: 'grpc-token',
}

export interface RowTexts {
  readonly labelOf: (name: string) => string
  /** With the name itself where other settings have the same label. */
  readonly titleOf: (name: string) => string
  /** What it is for; undefined for a setting of a newer node, which brings words of its own. */
  readonly helpOf: (name: string) => string | undefined
  /** Of a setting that is given by its name, what holds where nothing is set. */
  readonly valueText: (value: SettingValue, name?: string) => string
  /** What the node says against a value, after the name of its row. */
  readonly problemText: (problem: { readonly name: string; readonly message: string }) => string
  /** What the node says against a file, a sentence for each. */
  readonly reasonsText: (problems: readonly { readonly message: string }[]) => string
  /** A text of what is not saved, and which rows of the file come into force with it. */
  readonly withAlso: (text: string, rows: readonly SettingRow[]) => string
  readonly sourceText: (row: SettingRow) => string
  readonly lockText: (row: SettingRow) => string
}

/** The words for rows that the node describes. A setting of a newer node has the node's own name. */
export function useRowTexts(): RowTexts {
  const { t } = useTranslation('settings')
  const labelOf = (name: string): string => labelsOf(t)[name] ?? name
  const valueText = (value: SettingValue, name = ''): string => {
    if (value === null) return madeFiles[name] === undefined ? t('noValue') : t('inDataFolder', { file: madeFiles[name] })
    if (typeof value === 'boolean') return value ? t('on') : t('off')
    return value
  }
  return {
    labelOf,
    titleOf: (name) => {
      const label = labelOf(name)
      return Object.values(labelsOf(t)).filter((other) => other === label).length > 1 ? `${label} (${name})` : label
    },
    helpOf: (name) => helpsOf(t)[name],
    valueText,
    problemText: ({ name, message }) => {
      const text = problemText(name, message, (other) => labelsOf(t)[other])
      return name === '' ? text : t('invalidOther', { name: labelsOf(t)[name] ?? name, message: text })
    },
    reasonsText: (problems) => reasonsText(problems, (name) => labelsOf(t)[name]),
    withAlso: (text, rows) => {
      const names = rows.map(({ name, value }) => `${labelOf(name)}: ${valueText(value)}`).join(', ')
      return names === '' ? text : t('stagedAlso', { text, names })
    },
    sourceText: ({ source }) =>
      ({ default: t('sourceDefault'), file: t('sourceFile'), environment: t('sourceEnvironment'), flag: t('sourceFlag') })[
        source
      ],
    lockText: ({ source }) =>
      source === 'flag' ? t('lockedFlag') : source === 'environment' ? t('lockedEnvironment') : t('lockedOther'),
  }
}

function helpsOf(t: TFunction<'settings'>): Readonly<Record<string, string>> {
  return {
    advertise: t('helpAdvertise'),
    capacity: t('helpCapacity'),
    console: t('helpConsole'),
    consoleCert: t('helpConsoleCert'),
    consoleKey: t('helpConsoleKey'),
    consoleTls: t('helpConsoleTls'),
    data: t('helpData'),
    grpc: t('helpGrpc'),
    grpcAuth: t('helpGrpcAuth'),
    grpcCert: t('helpGrpcCert'),
    grpcClientCa: t('helpGrpcClientCa'),
    grpcKey: t('helpGrpcKey'),
    grpcTls: t('helpGrpcTls'),
    grpcTokenFile: t('helpGrpcTokenFile'),
    insecure: t('helpInsecure'),
    keyFile: t('helpKeyFile'),
    labels: t('helpLabels'),
    listen: t('helpListen'),
    logLevel: t('helpLogLevel'),
    peers: t('helpPeers'),
    readyFile: t('helpReadyFile'),
    zone: t('helpZone'),
  }
}

function labelsOf(t: TFunction<'settings'>): Readonly<Record<string, string>> {
  return {
    data: t('rowData'),
    capacity: t('rowCapacity'),
    keyFile: t('rowKeyFile'),
    grpc: t('rowGrpc'),
    grpcAuth: t('rowGrpcAuth'),
    grpcTokenFile: t('rowGrpcTokenFile'),
    grpcTls: t('rowGrpcTls'),
    grpcCert: t('rowGrpcCert'),
    grpcKey: t('rowGrpcKey'),
    grpcClientCa: t('rowGrpcClientCa'),
    insecure: t('rowInsecure'),
    console: t('rowConsole'),
    consoleTls: t('rowConsoleTls'),
    consoleCert: t('rowConsoleCert'),
    consoleKey: t('rowConsoleKey'),
    listen: t('rowListen'),
    advertise: t('rowAdvertise'),
    zone: t('rowZone'),
    labels: t('rowLabels'),
    peers: t('rowPeers'),
    readyFile: t('rowReadyFile'),
    logLevel: t('rowLogLevel'),
    readOnly: t('readOnly'),
  }
}
