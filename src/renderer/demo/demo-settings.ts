import type { SettingRow, Settings, SettingsResult } from '../../ipc/contract/setting-schemas.ts'

function row(
  name: string,
  kind: SettingRow['kind'],
  value: SettingRow['value'],
  help: string,
  more: Partial<SettingRow> = {},
): SettingRow {
  return {
    name,
    kind,
    values: [],
    help,
    value,
    inForce: value,
    default: value,
    source: 'default',
    locked: false,
    needsRestart: true,
    pending: false,
    ...more,
  }
}

const rows: readonly SettingRow[] = [
  row('data', 'path', '/home/alice/.local/share/memo', 'Folder of the store, identity and logs', {
    source: 'flag',
    locked: true,
  }),
  row('grpc', 'address', '127.0.0.1:7070', 'Address that programs call'),
  row('storageLimit', 'size', '100GB', 'Most that live data may take', { source: 'file', default: null, needsRestart: false }),
  row('logLevel', 'choice', 'info', 'Least level that is logged', {
    values: ['debug', 'info', 'warn', 'error'],
    needsRestart: false,
  }),
  row('readOnly', 'switch', false, 'Refuse changes by the screens', { needsRestart: false }),
]

/** The settings of the demo, with a file that can be saved. */
export class DemoSettings {
  #rows: readonly SettingRow[] = rows
  #text = '{\n  "storageLimit": "100GB"\n}\n'
  #saves = 1

  get readOnly(): boolean {
    return this.#rows.some((one) => one.name === 'readOnly' && one.inForce === true)
  }

  get(): Settings {
    return {
      rows: [...this.#rows],
      file: '/home/alice/.config/memo/memo.json',
      text: this.#text,
      digest: String(this.#saves),
      problems: [],
    }
  }

  putValues(values: Readonly<Record<string, SettingRow['value']>>, expect: string): SettingsResult {
    if (expect !== String(this.#saves)) return { kind: 'changed', settings: this.get() }
    const size = values.storageLimit
    if (typeof size === 'string' && !/^\d+(\.\d+)?[kMGT]?B$/.test(size)) {
      return { kind: 'invalid', problems: [{ name: 'storageLimit', message: 'must be a size such as 100GB' }] }
    }
    const restartNeeded: string[] = []
    this.#rows = this.#rows.map((one) => {
      const next = values[one.name]
      if (next === undefined) return one
      if (one.needsRestart) restartNeeded.push(one.name)
      const value = next ?? one.default
      const inForce = one.needsRestart ? one.inForce : value
      return { ...one, value, inForce, source: next === null ? 'default' : 'file', pending: value !== inForce }
    })
    const written = this.#rows.filter((one) => one.source === 'file').map((one) => [one.name, one.value])
    return this.#save(`${JSON.stringify(Object.fromEntries(written), undefined, 2)}\n`, restartNeeded)
  }

  putText(text: string, expect: string): SettingsResult {
    if (expect !== String(this.#saves)) return { kind: 'changed', settings: this.get() }
    try {
      JSON.parse(text)
    } catch (error) {
      return { kind: 'invalid', problems: [{ name: '', message: error instanceof Error ? error.message : String(error) }] }
    }
    return this.#save(text, [])
  }

  #save(text: string, restartNeeded: string[]): SettingsResult {
    this.#text = text
    this.#saves += 1
    return { kind: 'saved', settings: this.get(), restartNeeded, alsoApplied: [] }
  }
}
