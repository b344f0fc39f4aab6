import { rm } from 'node:fs/promises'
import type { LoadedConfig } from './load-node-config.ts'
import { parseObject } from './load-node-config.ts'
import type { SettingName } from './node-config-schema.ts'
import { settingNames } from './node-config-schema.ts'
import { replaceFile } from './replace-file.ts'
import { settingValue } from './setting-rows.ts'
import { assertStandsAlone, assertTextFits, readSettingsText, settingsText } from './settings-text.ts'

export interface KeptFlags {
  readonly names: readonly SettingName[]
  /** Puts the file back as it was, unless somebody changed it since. */
  undo(): Promise<void>
}

/** Whether `keepFlags` may: throws InvalidConfigError where the next start without flags and variables would refuse the file. */
export function assertFlagsKeepable(loaded: LoadedConfig): void {
  textWithFlags(loaded)
}

/** Puts what flags decide into the settings file, so that a start without them has the same. Where the data are is never kept. */
export async function keepFlags(loaded: LoadedConfig): Promise<KeptFlags> {
  const { file } = loaded.origin
  const names = keptNames(loaded)
  const { before, text } = textWithFlags(loaded)
  if (text === undefined || text === before) return { names, undo: async () => undefined }
  await replaceFile(file, text)
  return {
    names,
    async undo() {
      if (readSettingsText(file) !== text) return
      if (before === undefined) await rm(file, { force: true })
      else await replaceFile(file, before)
    },
  }
}

/** `text` is undefined where there is nothing to keep. */
function textWithFlags(loaded: LoadedConfig): { readonly before: string | undefined; readonly text: string | undefined } {
  const { config, origin } = loaded
  const names = keptNames(loaded)
  if (names.length === 0) return { before: undefined, text: undefined }
  const before = readSettingsText(origin.file)
  const object: Record<string, unknown> = before === undefined ? {} : { ...parseObject(origin.file, before) }
  for (const name of names) {
    // As it was understood: a relative path means something else in another folder.
    const value = settingValue(name, config)
    if (value === null) delete object[name]
    else object[name] = value
  }
  const text = settingsText(object)
  assertTextFits(text)
  assertStandsAlone(loaded, text, before)
  return { before, text }
}

function keptNames({ sources }: LoadedConfig): readonly SettingName[] {
  return settingNames.filter((name) => name !== 'data' && sources[name].kind === 'flag')
}
